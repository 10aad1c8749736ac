# lcbench: `make` lists the targets.
.PHONY: help demo test lint bench fuzz generate peers
export CGO_ENABLED ?= 0
PEERS ?= .peers

help:
	@echo "make demo      run LongBench's built-in samples offline with the lexical baseline"
	@echo "make test      run every test (what .ci/run runs)"
	@echo "make lint      gofmt, go vet, golangci-lint"
	@echo "make bench     speed and memory, beside the peers'"
	@echo "make fuzz      each fuzz target for FUZZTIME (default 20s)"
	@echo "make generate  rebuild generated files"

demo:
	go run ./cmd/lcbench run longbench

test:
	./.ci/test

lint:
	@fmt=$$(gofmt -l .); if [ -n "$$fmt" ]; then echo "gofmt would change:"; echo "$$fmt"; exit 1; fi
	go vet ./...
	go tool -modfile=.ci/tools.mod golangci-lint run ./...

bench: peers
	./.ci/bench $(PEERS)

# The peers' packages, from their ordinary client, pinned. llama.cpp is built for
# what this machine has, but for AMX, with which that version crashes.
avx512 = $(shell grep -qm1 avx512_vnni /proc/cpuinfo 2>/dev/null && echo -DGGML_AVX512=ON -DGGML_AVX512_VNNI=ON)
peers:
	@test -x $(PEERS)/bin/python || python3 -m venv $(PEERS)
	@$(PEERS)/bin/pip install -q jieba==0.42.1 rouge==1.0.1 fuzzywuzzy==0.18.0 rouge_score==0.1.2 'lm-eval[api]==0.4.13'
	@CMAKE_ARGS="-DGGML_NATIVE=OFF -DGGML_AVX2=ON -DGGML_FMA=ON -DGGML_F16C=ON $(avx512)" \
	  $(PEERS)/bin/pip install -q 'llama-cpp-python==0.3.36' || echo "llama-cpp-python can't be built here: no comparison with it"

FUZZTIME ?= 20s
fuzz:
	@for pkg in $$(go list ./...); do \
	  for target in $$(go test -list '^Fuzz' $$pkg | grep '^Fuzz' || true); do \
	    echo "$$pkg $$target"; go test -run '^$$' -fuzz "^$$target$$" -fuzztime $(FUZZTIME) $$pkg || exit 1; \
	  done; \
	done

generate:
	go generate ./...
