//go:build tools

// Package tofu names the program that `go build` makes from this module: the peer of benchmark B1.
package tofu

import _ "github.com/opentofu/opentofu/cmd/tofu"
