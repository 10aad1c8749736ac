package needlethreading

import (
	"fmt"
	"strings"
)

// question asks for the values of keys in our own words: the task, how to
// answer, and last the keys. A marked task has none to name.
func (t task) question(keys []string) string {
	const one = "Answer with the value alone."
	const list = `Answer with a list of the values alone, such as ["value", "value"].`
	const follow = "Its value is a key of the object again, whose value may be one too: go on until a value is no key."
	switch t.shape {
	case needles:
		return "Which values belong to the keys below in the JSON object above? " + list + "\nKeys: " + quoted(keys)
	case marked:
		return fmt.Sprintf("Which values in the JSON object above belong to keys that contain the character %q? %s", string(mark), list)
	case oneThread:
		return "Start at the key below in the JSON object above. " + follow + " " + one + "\nKey: " + quote(keys[0])
	case threads:
		return "Start at each of the keys below in the JSON object above. " + follow +
			" This gives a last value for each of them. " + list + "\nKeys: " + quoted(keys)
	}
	return "Which value belongs to the key below in the JSON object above? " + one + "\nKey: " + quote(keys[0])
}

func quote(s string) string { return `"` + s + `"` }

func quoted(keys []string) string {
	list := make([]string, len(keys))
	for i, k := range keys {
		list[i] = quote(k)
	}
	return "[" + strings.Join(list, ", ") + "]"
}
