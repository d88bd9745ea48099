#!/bin/bash
# Runs every fuzzer of the repository (or of the packages named after the minutes) one after the other. The minutes are
# shared out among them. Stops at the first input that one finds, shows it, and says what to do with it.
set -euo pipefail
minutes=${1:?how many minutes in all}
shift
cd "$(dirname "$0")/.."
mkdir -p build
log=build/fuzz.log
targets=$(for package in $(go list "${@:-./...}"); do
  go test -list '^Fuzz' "$package" | sed -n "s,^Fuzz,$package Fuzz,p"
done)
[ -n "$targets" ] || { echo "there is no fuzzer in ${*:-the repository}" >&2; exit 1; }
count=$(wc -l <<<"$targets")
each=$((minutes * 60 / count))
[ "$each" -gt 0 ] || each=1
echo "$count fuzzers, ${each} s each"
while read -r package target; do
  if ! go test -run '^$' -fuzz "^$target\$" -fuzztime "${each}s" -fuzzminimizetime 2s "$package" >$log 2>&1 </dev/null; then
    sed -n '/^--- FAIL/,$p;/^fuzz: [^e]/p;/panic:/,$p' $log | awk '!seen[$0]++'
    printf '\n%s in %s found something (all of it: %s).\n' "$target" "$package" "$log"
    file=$(sed -n 's,.*Failing input written to ,,p' $log | head -1)
    [ -z "$file" ] || printf 'The input is %s/%s: mend what it shows, and keep it beside the fix, where every go test tries it again.\n' "${package#callbox/}" "$file"
    exit 1
  fi
  printf '%-28s %-44s %s\n' "$package" "$target" "$(sed -n 's/.*execs: \([0-9]*\).*/\1/p' $log | tail -1) inputs, nothing found"
done <<<"$targets"
