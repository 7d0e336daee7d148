#compdef halab
# zsh completion for halab: put it into a directory of $fpath as _halab, or
# source <(halab completion zsh)
_halab() {
	local -a candidates
	local line
	while IFS= read -r line; do
		if [[ $line == *$'\t'* ]]; then
			candidates+=("${${line%%$'\t'*}//:/\\:}:${line#*$'\t'}")
		else
			candidates+=("${line//:/\\:}")
		fi
	done < <("${words[1]}" __complete -- "${(@)words[2,CURRENT]}" 2>/dev/null)
	if (( ${#candidates} )); then
		_describe halab candidates
	elif [[ ${words[CURRENT-1]} == (-f|--file) ]]; then
		_files
	fi
}
if [[ ${funcstack[1]} == _halab ]]; then
	_halab "$@"
else
	compdef _halab halab
fi
