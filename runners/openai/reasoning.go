package openai

import "strings"

// Tags enclose reasoning inside an answer's text.
type Tags struct{ Open, Close string }

// DefaultTags are those that common models write.
func DefaultTags() []Tags {
	return []Tags{
		{"<think>", "</think>"},
		{"<thinking>", "</thinking>"},
		{"<reasoning>", "</reasoning>"},
		{"[THINK]", "[/THINK]"},
	}
}

// splitReasoning parts an answer's text from the reasoning in it. Enclosed
// passages go; so does everything ahead of a closing tag that was never
// opened, because some chat templates write the opening tag themselves. An
// answer that begins to think and never ends has no text.
func splitReasoning(text string, tags []Tags) (answer, reasoning string) {
	var thoughts []string
	for _, t := range tags {
		if t.Open == "" || t.Close == "" || !strings.Contains(text, t.Open) && !strings.Contains(text, t.Close) {
			continue
		}
		var found []string
		text, found = stripTag(text, t)
		thoughts = append(thoughts, found...)
	}
	return text, strings.TrimSpace(strings.Join(thoughts, "\n\n"))
}

// stripTag takes the passages in one kind of tags out of text.
func stripTag(text string, t Tags) (string, []string) {
	var out strings.Builder
	var thoughts []string
	for rest, first := text, true; ; first = false {
		open, end := strings.Index(rest, t.Open), strings.Index(rest, t.Close)
		switch {
		case first && end >= 0 && (open < 0 || end < open):
			thoughts = append(thoughts, strings.TrimSpace(rest[:end]))
			rest = strings.TrimLeft(rest[end+len(t.Close):], " \t\r\n")
		case open < 0:
			out.WriteString(rest)
			return out.String(), thoughts
		default:
			ahead := rest[:open]
			inside := rest[open+len(t.Open):]
			end = strings.Index(inside, t.Close)
			bare := strings.TrimSpace(ahead) == "" && out.Len() == 0
			if end < 0 && !bare {
				out.WriteString(rest) // a tag that the answer only mentions
				return out.String(), thoughts
			}
			if !bare {
				out.WriteString(ahead)
			}
			if end < 0 {
				return "", append(thoughts, strings.TrimSpace(inside))
			}
			thoughts = append(thoughts, strings.TrimSpace(inside[:end]))
			rest = inside[end+len(t.Close):]
			if bare {
				rest = strings.TrimLeft(rest, " \t\r\n")
			}
		}
	}
}
