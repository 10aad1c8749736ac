package loogle

import (
	"encoding/json"

	"github.com/lcbench/lcbench/datasets"
	"github.com/lcbench/lcbench/scorers/pyliteral"
)

// jsonList reads JSON into the values that pyliteral gives: objects in order,
// of equal keys the last value; what is no string, list or object is nil.
func jsonList(raw []byte) (pyliteral.Value, error) {
	var list []json.RawMessage
	if err := json.Unmarshal(raw, &list); err != nil {
		return nil, err
	}
	out := make(pyliteral.List, len(list))
	for i, element := range list {
		var err error
		if out[i], err = jsonValue(element); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func jsonValue(raw json.RawMessage) (pyliteral.Value, error) {
	switch raw[0] {
	case '"':
		var s string
		err := json.Unmarshal(raw, &s)
		return s, err
	case '[':
		return jsonList(raw)
	case '{':
		return jsonObject(raw)
	}
	return nil, nil
}

// jsonObject reads an object.
func jsonObject(raw json.RawMessage) (pyliteral.Value, error) {
	d := &pyliteral.Dict{Text: map[string]pyliteral.Value{}}
	err := datasets.ParseObject(raw, func(key string, value []byte) error {
		v, err := jsonValue(value)
		if _, again := d.Text[key]; !again {
			d.Keys = append(d.Keys, key)
		}
		d.Text[key] = v
		return err
	})
	return d, err
}
