package report

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// TestFormatNamesEveryField keeps FORMAT.md complete.
func TestFormatNamesEveryField(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(home, "FORMAT.md"))
	must(t, err)
	seen := 0
	var walk func(reflect.Type)
	walk = func(x reflect.Type) {
		for x.Kind() == reflect.Pointer || x.Kind() == reflect.Slice || x.Kind() == reflect.Array {
			x = x.Elem()
		}
		if x.Kind() != reflect.Struct || !strings.HasSuffix(x.PkgPath(), "/report") {
			return
		}
		for f := range x.Fields() {
			name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			if name != "" {
				seen++
				if !strings.Contains(string(text), "`"+name+"`") {
					t.Errorf("FORMAT.md doesn't name %s of %s", name, x.Name())
				}
			}
			if f.IsExported() {
				walk(f.Type)
			}
		}
	}
	walk(reflect.TypeFor[Report]())
	if seen < 80 {
		t.Errorf("only %d fields were looked at", seen)
	}
}
