{{/* What kernels of streaming softmax share: {{.Rows}} rows a workgroup, {{.Lanes}}
invocations a row, eight keys at a time. A row's query is in q0, q1, …, its sums
in a0, a1, …, m and z. Kernels bind kc, vc and p with slots, factor and cap. */}}
{{define "memory"}}{{template "dots" .}}
var<workgroup> score: array<f32, {{mul .Rows 8}}>;                // [row][key]

// ring brings a slot less than twice around back, without a division.
fn ring(slot: u32) -> u32 {
    return select(slot, slot - p.slots, slot >= p.slots);
}
{{end}}
{{define "dots"}}const hidden = -3.0e38;

var<workgroup> dots: array<f32, {{mul (mul .Rows 8) .Lanes}}>; // [row][key][lane]

// scored adds up the lanes' parts of a dot product.
fn scored(at: u32) -> f32 {
    var s = 0.0;
    for (var i = 0u; i < {{.Lanes}}u; i++) {
        s += dots[at * {{.Lanes}}u + i];
    }
    s *= p.factor;
    if (p.cap > 0.0) {
        s = p.cap * tanh(clamp(s / p.cap, -10.0, 10.0));
    }
    return s;
}
{{end}}
{{define "registers"}}{{range seq (ceil .KeyQuads .Lanes)}}    var q{{.}} = vec4<f32>(0.0);
{{end}}{{range seq (ceil .ValueQuads .Lanes)}}    var a{{.}} = vec4<f32>(0.0);
{{end}}    var m = hidden;
    var z = 0.0;
{{end}}
{{define "load"}}{{range $i := seq (ceil .KeyQuads .Lanes)}}    if (lane + {{mul $i $.Lanes}}u < {{$.KeyQuads}}u) { q{{$i}} = q[qat + lane + {{mul $i $.Lanes}}u]; }
{{end}}{{end}}
{{define "dot"}}            var sum = 0.0;
{{range $i := seq (ceil .KeyQuads .Lanes)}}{{if divs $.Lanes $.KeyQuads}}            sum += dot(q{{$i}}, kc[kat + {{mul $i $.Lanes}}u]);
{{else}}            if (lane + {{mul $i $.Lanes}}u < {{$.KeyQuads}}u) { sum += dot(q{{$i}}, kc[kat + {{mul $i $.Lanes}}u]); }
{{end}}{{end}}            dots[(r * 8u + j) * {{.Lanes}}u + lane] = sum;
{{end}}
{{define "rescale"}}        var top = m;
        for (var j = 0u; j < keys; j++) {
            top = max(top, score[r * 8u + j]);
        }
        let keep = exp(max(m - top, -100.0)) * select(1.0, 0.0, m == hidden);
        m = top;
        z *= keep;
{{range seq (ceil .ValueQuads .Lanes)}}        a{{.}} *= keep;
{{end}}{{end}}
{{define "add"}}            let s = score[r * 8u + j];
            let e = exp(max(s - top, -100.0)) * select(1.0, 0.0, s == hidden);
            z += e;
{{range $i := seq (ceil .ValueQuads .Lanes)}}{{if divs $.Lanes $.ValueQuads}}            a{{$i}} += e * vc[vat + {{mul $i $.Lanes}}u];
{{else}}            if (lane + {{mul $i $.Lanes}}u < {{$.ValueQuads}}u) { a{{$i}} += e * vc[vat + {{mul $i $.Lanes}}u]; }
{{end}}{{end}}{{end}}
{{define "finish"}}    let inv = select(0.0, 1.0 / max(z, 1.0e-30), z > 0.0);
{{range $i := seq (ceil .ValueQuads .Lanes)}}    if (lane + {{mul $i $.Lanes}}u < {{$.ValueQuads}}u) { out[o * {{$.ValueQuads}}u + lane + {{mul $i $.Lanes}}u] = a{{$i}} * inv; }
{{end}}    if (lane == 0u) {
        lse[o] = select(hidden, m + log(max(z, 1.0e-30)), z > 0.0);
    }
{{end}}
