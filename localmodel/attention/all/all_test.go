package all

import (
	"strings"
	"testing"
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
