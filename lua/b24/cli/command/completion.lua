--- b24 completion: what a shell needs to complete b24's commands, options and their values. The
--- scripts ask b24 itself at each TAB: b24 completion --words WORD..., a candidate in each line,
--- with a tab and what it is; ":files" is for names of files.

local exit = require "b24.cli.exit"
local out = require "b24.cli.out"

local completion = { name = "completion", summary = "Print a completion script for a shell.",
  examples = {
    'eval "$(b24 completion bash)"',
    "b24 completion fish | source",
  } }

local SCRIPTS = {
  bash = [=[
# bash completion for b24
_b24() {
    local line words=("${COMP_WORDS[@]:1:COMP_CWORD}") IFS=$'\n'
    COMPREPLY=()
    for line in $("${COMP_WORDS[0]}" completion --words "${words[@]}" 2>/dev/null); do
        if [ "$line" = :files ]; then
            compopt -o default 2>/dev/null
        else
            COMPREPLY+=("${line%%$'\t'*}")
        fi
    done
}
complete -F _b24 b24
]=],
  zsh = [=[
#compdef b24
_b24() {
    local line
    local -a values
    for line in "${(@f)$("$words[1]" completion --words "${(@)words[2,CURRENT]}" 2>/dev/null)}"; do
        if [[ $line == :files ]]; then
            _files
        elif [[ -n $line ]]; then
            values+=("${${line%%$'\t'*}//:/\\:}:${line#*$'\t'}")
        fi
    done
    (( $#values )) && _describe -V b24 values
}
if [[ $funcstack[1] == _b24 ]]; then
    _b24 "$@"
else
    (( $+functions[compdef] )) || { autoload -Uz compinit && compinit }
    compdef _b24 b24
fi
]=],
  fish = [=[
# fish completion for b24
function __b24_complete
    set -l words (commandline -opc) (commandline -ct)
    for line in ($words[1] completion --words $words[2..-1] 2>/dev/null)
        if test "$line" = :files
            __fish_complete_path (commandline -ct)
        else
            echo $line
        end
    end
end
complete -c b24 -f -a '(__b24_complete)'
]=],
}

function completion.define(command)
  command:argument("shell", "bash, zsh or fish."):choices { "bash", "zsh", "fish" }:argname "SHELL"
end

--- The words behind `completion --words`, which no parser should see: they may be anything.
---@param argv string[]
---@return string[]?
function completion.asked(argv)
  if argv[1] ~= "completion" or argv[2] ~= "--words" then return nil end
  local words = {}
  for i = 3, #argv do words[i - 2] = argv[i] end
  return words
end

---@param words string[]
---@param parser table
function completion.answer(words, parser)
  local list, files = require("b24.cli.complete").at(parser, words)
  if files then out.line ":files" end
  for _, candidate in ipairs(list) do out.line(table.concat(candidate, "\t")) end
  return exit.OK
end

function completion.run(args)
  out.write(SCRIPTS[args.shell])
  return exit.OK
end

return completion
