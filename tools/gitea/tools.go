//go:build tools

// Package gitea names the program that `go build` makes from this module: the forge of the tests of pull requests.
package gitea

import _ "code.gitea.io/gitea"
