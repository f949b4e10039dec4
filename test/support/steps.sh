# Sourced by install scripts: steps that are done once for the same sources. Set before: STEPS, the name that messages begin
# with; TOOLS, the directory that all goes into.
mkdir -p "$TOOLS/bin" "$TOOLS/stamp"

# need COMMAND WHAT: fails unless the command is there.
need() {
  command -v "$1" >/dev/null || { echo "$STEPS: $1 is missing: install $2" >&2; exit 1; }
}

# The contents of tracked and new files, and the words given first, as one hash.
fingerprint() {
  { echo "$1"; shift; git ls-files -co --exclude-standard -z -- "$@" | sort -z | xargs -0 sha256sum; } | sha256sum
}

# step NAME RESULT FINGERPRINT COMMAND…: runs it unless RESULT is there and was made for the same fingerprint.
step() {
  local name=$1 result=$2 print=$3 started=$SECONDS
  shift 3
  if [ -e "$result" ] && [ "$(cat "$TOOLS/stamp/$name" 2>/dev/null)" = "$print" ]; then echo "$STEPS: $name is there"; return; fi
  rm -f "$TOOLS/stamp/$name"
  "$@" || { echo "$STEPS: $name could not be installed" >&2; exit 1; }
  echo "$print" > "$TOOLS/stamp/$name"
  echo "$STEPS: $name installed in $((SECONDS - started)) s"
}
