"""The scripts that make a shell ask mlrun. Each asks the mlrun that is being typed."""

from __future__ import annotations

# Where the word itself is no program (an alias, a path with ~), the one on the PATH is asked.

_BASH = r"""
_mlrun_completion() {
    local kind text rest program=$1 reply
    type -P -- "$program" > /dev/null 2>&1 || program=mlrun
    reply=$(MLRUN_COMPLETION=bash COMP_LINE=$COMP_LINE COMP_POINT=$COMP_POINT \
        COMP_WORDBREAKS=$COMP_WORDBREAKS "$program" 2> /dev/null)
    COMPREPLY=()
    while IFS=$'\t' read -r kind text rest; do
        case $kind in
            word) COMPREPLY+=("$text") ;;
            open) COMPREPLY+=("$text"); compopt -o nospace ;;
            files) compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- "$text") ;;
            folders) compopt -o filenames; mapfile -t COMPREPLY < <(compgen -d -- "$text") ;;
        esac
    done <<< "$reply"
}
complete -o nosort -F _mlrun_completion mlrun
"""

_ZSH = r"""#compdef mlrun
_mlrun() {
    local program=${words[1]} line kind text about
    local -a before texts shown open_texts open_shown
    (( $+commands[$program] )) || [[ -x $program ]] || program=mlrun
    before=("${(@Q)words[2,CURRENT-1]}" "${(Q)PREFIX}")
    for line in "${(@f)$(MLRUN_COMPLETION=zsh $program "${before[@]}" 2> /dev/null)}"; do
        kind=${line%%$'\t'*} line=${line#*$'\t'}
        text=${line%%$'\t'*} about=${line#*$'\t'}
        case $kind in
            word) texts+=("$text"); shown+=("${text#*=}${about:+  -- $about}") ;;
            open) open_texts+=("$text"); open_shown+=("$text${about:+  -- $about}") ;;
            files) [[ $text == *=* ]] && compset -P '*='; _files ;;
            folders) [[ $text == *=* ]] && compset -P '*='; _files -/ ;;
        esac
    done
    (( $#texts )) && compadd -l -V words -d shown -a texts
    (( $#open_texts )) && compadd -l -V names -S '' -d open_shown -a open_texts
}
if [[ $funcstack[1] == _mlrun ]]; then
    _mlrun "$@"
else
    compdef _mlrun mlrun
fi
"""

_FISH = r"""
function __mlrun_completion
    set -l words (commandline -opc) (commandline -ct)
    set -l program $words[1]
    type -q -- $program; or set program mlrun
    for line in (MLRUN_COMPLETION=fish $program $words[2..-1] 2>/dev/null)
        set -l parts (string split \t -- $line)
        switch $parts[1]
            case word open
                printf '%s\t%s\n' $parts[2] $parts[3]
            case files
                __mlrun_paths __fish_complete_path $parts[2]
            case folders
                __mlrun_paths __fish_complete_directories $parts[2]
        end
    end
end
function __mlrun_paths -a complete text
    set -l name (string match -r '^[^/=]*=' -- $text)
    set -l begun (string replace -r '^[^/=]*=' '' -- $text)
    for found in ($complete $begun)
        printf '%s%s\n' "$name" $found
    end
end
complete -c mlrun -f -a '(__mlrun_completion)'
"""

SCRIPTS = {"bash": _BASH.lstrip(), "zsh": _ZSH, "fish": _FISH.lstrip()}
"""By the shell's name."""
