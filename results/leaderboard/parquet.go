package leaderboard

import (
	"fmt"
	"io"
	"reflect"
	"strconv"

	"github.com/parquet-go/parquet-go"
)

// WriteParquet writes the columns of layout lcbench or long with types: text,
// 64-bit whole numbers, doubles and booleans, each null where it is unknown.
// Texts are as they are: nothing takes them for formulas here.
func (b *Board) WriteParquet(w io.Writer, layout string) error {
	switch layout {
	case "lcbench":
		return writeParquet(w, b.wide(), b.Entries)
	case "long":
		return writeParquet(w, longColumns(), b.tidy())
	}
	return fmt.Errorf("leaderboard: layout %s is a table of texts: Parquet is of layout lcbench or long", layout)
}

// writeParquet keeps the order of columns by a struct made for them: the
// library's own groups are sorted by name.
func writeParquet[T any](w io.Writer, columns []column[T], rows []T) error {
	types := map[Kind]reflect.Type{
		Text: reflect.TypeFor[*string](), Int: reflect.TypeFor[*int64](), Float: reflect.TypeFor[*float64](), Bool: reflect.TypeFor[*bool](),
	}
	fields := make([]reflect.StructField, len(columns))
	for i, c := range columns {
		tag := `parquet:` + strconv.Quote(c.name+",optional")
		fields[i] = reflect.StructField{Name: "F" + strconv.Itoa(i), Type: types[c.kind], Tag: reflect.StructTag(tag)}
	}
	row := reflect.StructOf(fields)
	out := parquet.NewWriter(w, parquet.SchemaOf(reflect.New(row).Interface()), parquet.Compression(&parquet.Snappy))
	for _, x := range rows {
		record := reflect.New(row)
		for i, c := range columns {
			setOptional(record.Elem().Field(i), c.get(x))
		}
		if err := out.Write(record.Interface()); err != nil {
			return fmt.Errorf("leaderboard: parquet: %w", err)
		}
	}
	if err := out.Close(); err != nil {
		return fmt.Errorf("leaderboard: parquet: %w", err)
	}
	return nil
}

// setOptional points a field to a value; nil leaves it null.
func setOptional(field reflect.Value, v any) {
	if v == nil {
		return
	}
	p := reflect.New(field.Type().Elem())
	p.Elem().Set(reflect.ValueOf(v).Convert(p.Elem().Type()))
	field.Set(p)
}
