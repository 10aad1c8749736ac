package pyliteral

import "fmt"

// enter steps over an opening bracket.
func (p *parser) enter() error {
	if p.open == maxOpen {
		return fmt.Errorf("byte %d: more than %d open brackets", p.at, maxOpen)
	}
	p.at++
	p.open++
	return nil
}

func (p *parser) leave() { p.open-- }

// parentheses reads a tuple, or one literal in brackets.
func (p *parser) parentheses() (Value, error) {
	list, comma, err := p.elements(')')
	if err == nil && len(list) == 1 && !comma {
		return list[0], nil
	}
	return Tuple(list), err
}

// elements reads a bracket's elements, and whether a comma stood among or
// behind them.
func (p *parser) elements(closing byte) (list []Value, comma bool, err error) {
	if err := p.enter(); err != nil {
		return nil, false, err
	}
	defer p.leave()
	list = []Value{}
	for {
		p.skipSpace()
		if p.peek() == closing {
			p.at++
			return list, comma, nil
		}
		v, err := p.value()
		if err != nil {
			return list, comma, err
		}
		list = append(list, v)
		p.skipSpace()
		switch p.peek() {
		case ',':
			p.at++
			comma = true
		case closing:
		default:
			return list, comma, p.fail(fmt.Sprintf("',' or '%c'", closing))
		}
	}
}

// braces reads a dictionary or a set.
func (p *parser) braces() (Value, error) {
	if err := p.enter(); err != nil {
		return nil, err
	}
	defer p.leave()
	d := &Dict{Text: map[string]Value{}}
	var set Set
	for n := 0; ; n++ {
		p.skipSpace()
		if p.peek() == '}' {
			p.at++
			if set != nil {
				return set, nil
			}
			return d, nil
		}
		key, err := p.value()
		if err != nil {
			return nil, err
		}
		if !hashable(key) {
			return nil, fmt.Errorf("byte %d: an element or key that is a list, set or dictionary", p.at)
		}
		p.skipSpace()
		switch {
		case p.peek() == ':' && set == nil:
			p.at++
			if err := p.entry(d, key); err != nil {
				return nil, err
			}
		case n == 0 || set != nil:
			set = append(set, key)
		default:
			return nil, p.fail("':'")
		}
		p.skipSpace()
		if p.peek() == ',' {
			p.at++
		} else if p.peek() != '}' {
			return nil, p.fail("',' or '}'")
		}
	}
}

// entry reads a dictionary entry's value.
func (p *parser) entry(d *Dict, key Value) error {
	v, err := p.value()
	if err != nil {
		return err
	}
	text, ok := key.(string)
	if !ok {
		d.Others++
		return nil
	}
	if _, again := d.Text[text]; !again {
		d.Keys = append(d.Keys, text)
	}
	d.Text[text] = v
	return nil
}

func hashable(v Value) bool {
	switch v := v.(type) {
	case List, Set, *Dict:
		return false
	case Tuple:
		for _, e := range v {
			if !hashable(e) {
				return false
			}
		}
	}
	return true
}
