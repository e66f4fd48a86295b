//go:build tools

// Package engine names the program that `go build` makes from this module where the engine cannot be had ready-made.
package engine

import _ "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"
