package all

import (
	"errors"
	"slices"
	"strings"
	"testing"

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
		wantSliding = "; want sliding:window=1024,sinks=4[,remap=false]"
	)
	for _, c := range []struct{ spec, want, err string }{
		{"full", "full", ""},
		{"full:", "full", ""},
		{"sliding", "sliding:window=1024,sinks=4", ""},
		{"sliding:", "sliding:window=1024,sinks=4", ""},
		{"sliding:window=256", "sliding:window=256,sinks=4", ""},
		{"sliding:sinks=0,window=1", "sliding:window=1,sinks=0", ""},
		{"sliding:window=1020,sinks=4,remap=false", "sliding:window=1020,sinks=4,remap=false", ""},
		{"sliding:remap=true", "sliding:window=1024,sinks=4", ""},
		{"", "", `attention "": no mechanism ""` + there},
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
		{"snapkv", "snapkv:capacity=2048,recent=32,kernel=5", ""},
		{"snapkv:capacity=16", "snapkv:capacity=16,recent=15,kernel=5", ""},
		{"snapkv:pool=max,kernel=7,per-kv=true", "snapkv:capacity=2048,recent=32,kernel=7,pool=max,per-kv=true", ""},
		{"snapkv:pool=sum", "", `attention "snapkv:pool=sum": pool=sum: want mean or max` + wantSnapKV},
		{"snapkv:capacity=64,recent=64", "", `attention "snapkv:capacity=64,recent=64": recent=64 of capacity=64 leaves nothing to choose: want fewer` + wantSnapKV},
		{"h2o:kernel=5", "", `attention "h2o:kernel=5": no parameter kernel; want h2o:capacity=2048,recent=32[,per-kv=false]`},
		{"longheads:share=group", "longheads:chunk=256,topk=16,share=group", ""},
		{"squeezed:share=group,step=each", "squeezed:keep=0.1,clusters=0.05,rounds=10,share=group,step=each", ""},
		{"longheads:share=all", "", `attention "longheads:share=all": share=all: want head or group; want longheads:chunk=256,topk=16[,share=head]`},
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
