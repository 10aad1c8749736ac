package builtin

import (
	"fmt"
	"slices"
	"strings"
)

// CodeFile is a Python module whose later lines follow from its earlier ones.
type CodeFile struct {
	Path string
	// Lines are the file's lines without line ends.
	Lines []string
	// Targets are the lines (from 0) that a reader of the lines before them
	// can foresee: they use names in an order that was set earlier.
	Targets []int
	// Classes are the names of the classes that the file defines.
	Classes []string
}

// Text returns the file up to line n (exclusive), each line with its end;
// n < 0 is all.
func (c CodeFile) Text(n int) string {
	if n < 0 || n > len(c.Lines) {
		n = len(c.Lines)
	}
	if n == 0 {
		return ""
	}
	return strings.Join(c.Lines[:n], "\n") + "\n"
}

// codeClass is one class of generated code.
type codeClass struct {
	name, variable string
	about          word
	fields         []codeField
}

type codeField struct {
	name  string
	about word
}

func codeFields() []codeField {
	list := pairs("depth=深度;weight=重量;rate=费率;height=高度;width=宽度;count=数量;price=价格;limit=上限;speed=速度;angle=角度;" +
		"level=水位;charge=费用;volume=容积;share=份额;delay=延误;reserve=储备")
	out := make([]codeField, len(list))
	for i, w := range list {
		out[i] = codeField{name: w[0], about: w}
	}
	return out
}

func codeThings() []word {
	return pairs("tide gauge=潮位计;grain store=谷仓;ferry line=渡船航线;signal tower=信号塔;salt pan=盐田;toll house=关卡;lamp post=路灯;" +
		"weaving loom=织机;bell frame=钟架;canal lock=船闸;orchard row=果树行;paper mill=造纸坊;coal barge=运煤驳船;mail coach=邮车;" +
		"clock case=钟壳;stone quarry=采石场;market stall=集市摊位;rope walk=制绳场;brick kiln=砖窑;fish weir=鱼梁")
}

// newCodeClass makes the k-th class of a stream: things don't repeat before
// all were used.
func newCodeClass(d *dice, things []word, fields []codeField, k int) codeClass {
	thing := things[k%len(things)]
	c := codeClass{about: thing, variable: strings.ReplaceAll(thing[0], " ", "_")}
	for part := range strings.SplitSeq(thing[0], " ") {
		c.name += upperFirst(part)
	}
	if round := k / len(things); round > 0 {
		c.name += fmt.Sprint(round + 1)
		c.variable += fmt.Sprint(round + 1)
	}
	c.fields = shuffled(d, fields)[:d.between(3, 5)]
	return c
}

// Code returns a Python module of about n words with comments in the given
// language; different numbers give different modules.
func (w *World) Code(lang string, number, n int) CodeFile {
	d := w.dice("code/"+lang, number, n)
	b := codeWriter{d: d, zh: lang == Chinese}
	things, fields := shuffled(d, codeThings()), codeFields()
	b.file.Path = strings.ReplaceAll(things[0][0], " ", "_") + "s.py"
	b.header()
	for k := 0; b.size < n; k++ {
		b.class(newCodeClass(d, things, fields, k))
	}
	return b.file
}

// Caller returns a module that imports the classes of a file and uses them.
func (w *World) Caller(lang string, number int, of CodeFile) CodeFile {
	d := w.dice("caller/"+lang, number)
	b := codeWriter{d: d, zh: lang == Chinese}
	b.file.Path = "report_" + of.Path
	b.header()
	module := strings.TrimSuffix(of.Path, ".py")
	b.lines("from " + module + " import " + strings.Join(of.Classes, ", "))
	for _, class := range of.Classes {
		b.caller(of, class)
	}
	return b.file
}

// codeWriter writes a module line by line.
type codeWriter struct {
	d    *dice
	zh   bool
	file CodeFile
	size int
}

func (b *codeWriter) lines(lines ...string) {
	for _, l := range lines {
		b.file.Lines = append(b.file.Lines, l)
		b.size += Size(l, English)
	}
}

// target writes a line that can be foreseen.
func (b *codeWriter) target(line string) {
	b.file.Targets = append(b.file.Targets, len(b.file.Lines))
	b.lines(line)
}

// say picks the comment's language.
func (b *codeWriter) say(en, zh string) string {
	if b.zh {
		return zh
	}
	return en
}

func (b *codeWriter) header() {
	b.lines(b.say(`"""Bookkeeping for the works of a small town."""`, `"""小镇各处设施的账目。"""`), "")
}

// class writes a class, its record form, and the functions around it.
func (b *codeWriter) class(c codeClass) {
	b.file.Classes = append(b.file.Classes, c.name)
	names := fieldNames(c.fields)
	b.lines("", "class "+c.name+":",
		b.say(fmt.Sprintf(`    """One %s: %s."""`, c.about[0], strings.Join(names, ", ")), fmt.Sprintf(`    """一个%s的各项数据。"""`, c.about[1])),
		"", "    def __init__(self, "+strings.Join(names, ", ")+"):")
	for i, f := range c.fields {
		if i == 0 {
			b.lines(b.say("        # "+f.about[0]+" as measured", "        # 测得的"+f.about[1]), "        self."+f.name+" = "+f.name)
			continue
		}
		b.target("        self." + f.name + " = " + f.name)
	}
	b.lines("")
	b.method(c)
	b.record(names)
	b.loader(c, names)
}

// method writes one property and one comparison.
func (b *codeWriter) method(c codeClass) {
	x, y := c.fields[0], c.fields[1]
	b.lines("    def "+x.name+"_by_"+y.name+"(self):",
		b.say("        # product of "+x.name+" and "+y.name, "        # "+x.about[1]+"与"+y.about[1]+"的乘积"))
	b.target("        return self." + x.name + " * self." + y.name)
	b.lines("", "    def exceeds(self, other):",
		b.say("        # compares the "+x.name+" alone", "        # 只比较"+x.about[1]))
	b.target("        return self." + x.name + " > other." + x.name)
	b.lines("")
}

// record writes the class as a dictionary, in the order of its fields.
func (b *codeWriter) record(names []string) {
	b.lines("    def to_record(self):", "        return {")
	for i, n := range names {
		line := fmt.Sprintf("            %q: self.%s,", n, n)
		if i == 0 {
			b.lines(line)
			continue
		}
		b.target(line)
	}
	b.lines("        }", "", "")
}

// loader writes the function that reads the class back.
func (b *codeWriter) loader(c codeClass, names []string) {
	b.lines("def load_"+c.variable+"(row):", b.say("    # the row comes from to_record", "    # 行由to_record写出"))
	for i, n := range names {
		line := fmt.Sprintf("    %s = float(row[%q])", n, n)
		if i == 0 {
			b.lines(line)
			continue
		}
		b.target(line)
	}
	b.target("    return " + c.name + "(" + strings.Join(names, ", ") + ")")
	b.lines("")
}

// caller writes a function of another file that loads and sums up one class.
func (b *codeWriter) caller(of CodeFile, class string) {
	names := constructor(of, class)
	if len(names) < 2 {
		return
	}
	variable := snake(class)
	b.lines("", "", "def summarise_"+variable+"(rows):",
		b.say("    # adds up all rows", "    # 把所有行加起来"), "    total = 0.0", "    for row in rows:")
	for _, n := range names {
		b.lines(fmt.Sprintf("        %s = float(row[%q])", n, n))
	}
	b.target("        " + variable + " = " + class + "(" + strings.Join(names, ", ") + ")")
	b.target("        total += " + variable + "." + names[0] + "_by_" + names[1] + "()")
	b.lines("    return total")
}

// constructor returns the parameters of a class as the file defines them.
func constructor(of CodeFile, class string) []string {
	at := slices.Index(of.Lines, "class "+class+":")
	if at < 0 {
		return nil
	}
	for _, l := range of.Lines[at:] {
		if rest, ok := strings.CutPrefix(l, "    def __init__(self, "); ok {
			return strings.Split(strings.TrimSuffix(rest, "):"), ", ")
		}
	}
	return nil
}

// snake turns SaltPan into salt_pan.
func snake(name string) string {
	var b strings.Builder
	for i := range len(name) {
		if c := name[i]; 'A' <= c && c <= 'Z' {
			if i > 0 {
				b.WriteByte('_')
			}
			b.WriteByte(c + 'a' - 'A')
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}

func fieldNames(fields []codeField) []string {
	out := make([]string, len(fields))
	for i, f := range fields {
		out[i] = f.name
	}
	return out
}
