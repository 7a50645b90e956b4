#!/bin/sh
# Greet someone. POSIX sh, since a script is run by the user's own shell.
set -eu

who=you
times=1
while [ $# -gt 0 ]; do
    case $1 in
        --who) who=$2 ;;
        --times) times=$2 ;;
        *)
            echo "hello.sh: unknown option: $1" >&2
            exit 64
            ;;
    esac
    shift 2
done

count=0
while [ "$count" -lt "$times" ]; do
    count=$((count + 1))
    printf 'Hello, %s!\n' "$who"
done
printf 'This is run %s.\n' "${MLFLOW_RUN_ID:-of nobody}"
