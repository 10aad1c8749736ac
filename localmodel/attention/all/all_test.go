package all

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/lcbench/lcbench/localmodel/attention"
	"github.com/lcbench/lcbench/localmodel/choice"
)

func TestParse(t *testing.T) {
	var names []string
	for _, e := range List() {
		names = append(names, e.Name)
	}
	there := "; there is " + strings.Join(names, ", ")
	const (
		wantFull    = "; want full"
		wantSnapKV  = "; want snapkv:capacity=2048,recent=32[,kernel=5,pool=mean,per-kv=false]"
		wantLongMem = "; want longmem:segment=1024,memory=65536,chunk=4,tokens=64,gate=0.5[,layer=all|N]"
		wantSliding = "; want sliding:window=1024,sinks=4[,remap=false]"
	)
	for _, c := range []struct{ spec, want, err string }{
		{"full", "full", ""},
		{"full:", "full", ""},
		{"sliding", "sliding:window=1024,sinks=4,remap=true", ""},
		{"sliding:", "sliding:window=1024,sinks=4,remap=true", ""},
		{"sliding:window=256", "sliding:window=256,sinks=4,remap=true", ""},
		{"sliding:sinks=0,window=1", "sliding:window=1,sinks=0,remap=true", ""},
		{"sliding:window=1020,sinks=4,remap=false", "sliding:window=1020,sinks=4,remap=false", ""},
		{"sliding:remap=true", "sliding:window=1024,sinks=4,remap=true", ""},
		{"", "", `attention "" names no mechanism: want one of ` + strings.Join(names, ", ") + ", or leave it out"},
		{":window=4", "", `attention ":window=4" names no mechanism: want one of ` + strings.Join(names, ", ") + ", or leave it out"},
		{"flash", "", `attention "flash": no mechanism "flash"` + there},
		{"Full", "", `attention "Full": no mechanism "Full"` + there},
		{"full:window=4", "", `attention "full:window=4": no parameter window` + wantFull},
		{"sliding:1024", "", `attention "sliding:1024": "1024" is not key=value` + wantSliding},
		{"sliding:=4", "", `attention "sliding:=4": "=4" is not key=value` + wantSliding},
		{"sliding:window=4,", "", `attention "sliding:window=4,": "" is not key=value` + wantSliding},
		{"sliding:window=4,window=5", "", `attention "sliding:window=4,window=5": window is given twice` + wantSliding},
		{"sliding:window=0", "", `attention "sliding:window=0": window=0: want a whole number of at least 1` + wantSliding},
		{"sliding:window=1k", "", `attention "sliding:window=1k": window=1k: want a whole number of at least 1` + wantSliding},
		{"sliding:sinks=-1", "", `attention "sliding:sinks=-1": sinks=-1: want a whole number of at least 0` + wantSliding},
		{"sliding:remap=maybe", "", `attention "sliding:remap=maybe": remap=maybe: want true or false` + wantSliding},
		{"sliding:sink=4,recent=2", "", `attention "sliding:sink=4,recent=2": no parameter recent, sink` + wantSliding},
		{"snapkv", "snapkv:capacity=2048,recent=32,kernel=5,pool=mean,per-kv=false", ""},
		{"snapkv:capacity=16", "", `attention "snapkv:capacity=16": recent=32 of capacity=16 leaves nothing to choose: want recent=15 or less or capacity=33 or more` + wantSnapKV},
		{"snapkv:capacity=16,recent=15", "snapkv:capacity=16,recent=15,kernel=5,pool=mean,per-kv=false", ""},
		{"pyramidkv:capacity=33", "pyramidkv:capacity=33,recent=32,kernel=5,pool=mean,beta=20,per-kv=false", ""},
		{"pyramidkv:capacity=32", "", `attention "pyramidkv:capacity=32": recent=32 of capacity=32 leaves nothing to choose: want recent=31 or less or capacity=33 or more; want pyramidkv:capacity=2048,recent=32[,kernel=5,pool=mean,beta=20,per-kv=false]`},
		{"h2o:capacity=32", "", `attention "h2o:capacity=32": recent=32 of capacity=32 leaves nothing to choose: want recent=31 or less or capacity=33 or more; want h2o:capacity=2048,recent=32[,per-kv=false]`},
		{"streaming:capacity=32", "", `attention "streaming:capacity=32": recent=32 of capacity=32 leaves nothing to choose: want recent=31 or less or capacity=33 or more; want streaming:capacity=2048,recent=32[,per-kv=false]`},
		{"pyramidkv", "pyramidkv:capacity=2048,recent=32,kernel=5,pool=mean,beta=20,per-kv=false", ""},
		{"pyramidkv:beta=4", "pyramidkv:capacity=2048,recent=32,kernel=5,pool=mean,beta=4,per-kv=false", ""},
		{"snapkv:beta=4", "", `attention "snapkv:beta=4": no parameter beta` + wantSnapKV},
		{"snapkv:pool=max,kernel=7,per-kv=true", "snapkv:capacity=2048,recent=32,kernel=7,pool=max,per-kv=true", ""},
		{"snapkv:pool=sum", "", `attention "snapkv:pool=sum": pool=sum: want mean or max` + wantSnapKV},
		{"snapkv:capacity=64,recent=64", "", `attention "snapkv:capacity=64,recent=64": recent=64 of capacity=64 leaves nothing to choose: want recent=63 or less or capacity=65 or more` + wantSnapKV},
		{"h2o:kernel=5", "", `attention "h2o:kernel=5": no parameter kernel; want h2o:capacity=2048,recent=32[,per-kv=false]`},
		{"longheads:share=group", "longheads:chunk=256,topk=16,share=group", ""},
		{"squeezed:share=group,step=each", "squeezed:keep=0.1,clusters=0.05,levels=1,rounds=10,share=group,step=each", ""},
		{"longheads:share=all", "", `attention "longheads:share=all": share=all: want head or group; want longheads:chunk=256,topk=16[,share=head]`},
		{"squeezed", "squeezed:keep=0.1,clusters=0.05,levels=1,rounds=10,share=head,step=mean", ""},
		{"squeezed:levels=2", "squeezed:keep=0.1,clusters=0.05,levels=2,coarse=0.01,rounds=10,share=head,step=mean", ""},
		{"longmem:layer=all", "longmem:segment=1024,memory=65536,chunk=4,tokens=64,gate=0.5,layer=all", ""},
		{"longmem:layer=1", "longmem:segment=1024,memory=65536,chunk=4,tokens=64,gate=0.5,layer=1", ""},
		{"longmem:segment=64,memory=64", "longmem:segment=64,memory=64,chunk=4,tokens=64,gate=0.5,layer=all", ""},
		{"longmem:segment=65,memory=64", "longmem:segment=65,memory=64,chunk=4,tokens=64,gate=0.5,layer=all", ""}, // the last token never comes in
		{"longmem:memory=512", "", `attention "longmem:memory=512": memory=512 is less than segment=1024: it would drop all of each as it comes in` + wantLongMem},
		{"longmem:segment=64,memory=128,tokens=132", "", `attention "longmem:segment=64,memory=128,tokens=132": tokens=132, but memory=128 holds no more than that` + wantLongMem},
		{"squeezed:coarse=0.01", "", `attention "squeezed:coarse=0.01": coarse is the share of the second level's clusters: want levels=2; want squeezed:keep=0.1[,clusters=0.05,levels=1,coarse=0.01,rounds=10,share=head,step=mean]`},
		{"h2o-online:heavy=8", "h2o-online:heavy=8,recent=1024", ""},
	} {
		m, err := Parse(c.spec)
		got, said := "", ""
		if err != nil {
			said = err.Error()
		} else {
			got = m.String()
		}
		if got != c.want || said != c.err {
			t.Errorf("%q:\n got %q, %s\nwant %q, %s", c.spec, got, said, c.want, c.err)
		}
	}
}

// What the list shows can be typed, and what a mechanism calls itself too.
func TestEveryMechanismReadsItsOwnName(t *testing.T) {
	for _, e := range List() {
		m, err := Parse(e.Name)
		if err != nil {
			t.Fatal(err)
		}
		again, err := Parse(m.String())
		if err != nil || again != m {
			t.Errorf("%s: read again it is %v (%v)", m, again, err)
		}
	}
}

// A mechanism says all of its parameters, in the order in which they are listed;
// what has no default (s2's decode) or hangs on another (squeezed's coarse) is
// said where it is given.
func TestAMechanismSpellsAllItsParameters(t *testing.T) {
	for _, e := range List() {
		known := choice.Entry[int]{Name: e.Name, Usage: e.Usage}.Parameters()
		m, err := Parse(e.Name)
		if err != nil {
			t.Fatal(err)
		}
		var said []string
		_, given, _ := strings.Cut(m.String(), ":")
		for pair := range strings.SplitSeq(given, ",") {
			if name, _, ok := strings.Cut(pair, "="); ok {
				said = append(said, name)
			}
		}
		want := slices.DeleteFunc(slices.Clone(known), func(name string) bool {
			return e.Name == "s2" && name == "decode" || e.Name == "squeezed" && name == "coarse"
		})
		if !slices.Equal(said, want) {
			t.Errorf("%s says %q, want %q", e.Name, said, want)
		}
	}
}

func TestShort(t *testing.T) {
	for spec, want := range map[string]string{
		"full":                         "full",
		"sliding:window=128,sinks=4":   "sliding:window=128,sinks=4",
		"sliding:remap=false":          "sliding:window=1024,sinks=4,remap=false",
		"squeezed:keep=0.2":            "squeezed:keep=0.2",
		"snapkv:capacity=64,recent=8":  "snapkv:capacity=64,recent=8",
		"snapkv:per-kv=true":           "snapkv:capacity=2048,recent=32,per-kv=true",
		"longmem":                      "longmem:segment=1024,memory=65536,chunk=4,tokens=64,gate=0.5",
		"longmem:layer=0":              "longmem:segment=1024,memory=65536,chunk=4,tokens=64,gate=0.5,layer=0",
		"kda":                          "kda",
		"longheads:chunk=64,topk=6":    "longheads:chunk=64,topk=6",
		"s2:group=8,decode=full":       "s2:group=8,decode=full",
		"h2o:capacity=64,per-kv=false": "h2o:capacity=64,recent=32",
	} {
		if got := Short(spec); got != want {
			t.Errorf("%s is %s, want %s", spec, got, want)
		}
	}
	for _, e := range List() { // what is left out is the same mechanism
		m, err := Parse(e.Name)
		if err != nil {
			t.Fatal(err)
		}
		if again, err := Parse(Short(m.String())); err != nil || again != m {
			t.Errorf("%s is %v (%v) by its short name", m, again, err)
		}
	}
}

// A context that leaves nothing to choose among is refused; the least that
// leaves something isn't.
func TestContextsThatLeaveNothingToChoose(t *testing.T) {
	for _, c := range []struct {
		spec   string
		tokens int
		want   string
	}{
		{"longheads:chunk=64,topk=4", 193, ""},
		{"longheads:chunk=64,topk=4", 192, "topk=4, but a context of 192 tokens has 3 chunks of 64: want topk=3 or less, chunk=63 or less or a context of 193 or more"},
		{"longheads:chunk=63,topk=4", 192, ""},
		{"longheads:chunk=64,topk=3", 63, "a chunk of 64 tokens is larger than a context of 63: want chunk=31 or less or a context of 129 or more"},
		{"longheads:chunk=31,topk=3", 63, ""},
		{"longheads:chunk=64,topk=3", 129, ""},
		{"longheads:chunk=64,topk=3", 1, "a chunk of 64 tokens is larger than a context of 1: want a context of 129 or more"},
		{"landmark:block=50,topk=4", 151, ""},
		{"landmark:block=50,topk=4", 150, "topk=4, but a context of 150 tokens has 3 blocks of 50: want topk=3 or less or a context of 151 or more"},
		{"landmark:block=50,topk=1", 49, "a block of 50 tokens is larger than a context of 49: want a context of 50 or more"},
		{"landmark:block=50,topk=0", 50, ""},
	} {
		m, err := Parse(c.spec)
		if err != nil {
			t.Fatal(err)
		}
		d, ok := m.(attention.Divider)
		if !ok {
			t.Fatalf("%s is no Divider", m)
		}
		got := ""
		if err := d.Divides(c.tokens); err != nil {
			got = err.Error()
		}
		if got != c.want {
			t.Errorf("%s at %d tokens: %q, want %q", m, c.tokens, got, c.want)
		}
	}
}

func TestSplit(t *testing.T) {
	for list, want := range map[string][]string{
		"full":                        {"full"},
		"full,sliding":                {"full", "sliding"},
		"sliding:window=8,sinks=4":    {"sliding:window=8,sinks=4"},
		"snapkv:capacity=8,h2o,full:": {"snapkv:capacity=8", "h2o", "full:"},
		"full,longheads:chunk=8,topk=3,squeezed:keep=0.1": {"full", "longheads:chunk=8,topk=3", "squeezed:keep=0.1"},
		"sliding:window=4,": {"sliding:window=4,"},
		"":                  {""},
	} {
		if got := Split(list); !slices.Equal(got, want) {
			t.Errorf("%q: got %q, want %q", list, got, want)
		}
	}
}

// An entry's Usage names every parameter that its parser takes, and says what a
// mechanism costs.
func TestEntriesAreWhole(t *testing.T) {
	for _, e := range List() {
		if e.Summary == "" || e.KV == "" || e.Reads == "" {
			t.Errorf("%s: %+v", e.Name, e)
		}
		m, err := Parse(e.Name)
		if err != nil {
			t.Fatal(err)
		}
		_, given, _ := strings.Cut(m.String(), ":")
		for pair := range strings.SplitSeq(given, ",") {
			if name, _, ok := strings.Cut(pair, "="); ok && !slices.Contains(choice.Entry[int]{Name: e.Name, Usage: e.Usage}.Parameters(), name) {
				t.Errorf("%s: %s is missing in %q", e.Name, name, e.Usage)
			}
		}
	}
}

func TestUnknownNamesTellWhatIsKnown(t *testing.T) {
	var unknown *choice.UnknownError
	if _, err := Parse("slidng"); !errors.As(err, &unknown) || unknown.Name != "slidng" || !slices.Contains(unknown.Known, "sliding") {
		t.Errorf("mechanism: %+v", unknown)
	}
	if _, err := Parse("sliding:sink=4"); !errors.As(err, &unknown) || unknown.Name != "sink" || !slices.Equal(unknown.Known, []string{"window", "sinks", "remap"}) {
		t.Errorf("parameter: %+v", unknown)
	}
}
