# bash completion for halab:  source <(halab completion bash)
_halab() {
	local words line
	words=("${COMP_WORDS[@]:1:COMP_CWORD}")
	# bash breaks words at "="; put --flag = value together again.
	local joined=() word
	for word in "${words[@]}"; do
		if [[ $word == "=" && ${#joined[@]} -gt 0 ]]; then
			joined[-1]+="="
		elif [[ ${#joined[@]} -gt 0 && ${joined[-1]} == --*= ]]; then
			joined[-1]+=$word
		else
			joined+=("$word")
		fi
	done
	local prefix=""
	[[ ${joined[-1]-} == --*=* ]] && prefix="${joined[-1]%%=*}="
	COMPREPLY=()
	while IFS=$'\t' read -r line _; do
		COMPREPLY+=("${line#"$prefix"}")
	done < <("${COMP_WORDS[0]}" __complete -- "${joined[@]}" 2>/dev/null)
	if [[ ${#COMPREPLY[@]} -eq 0 ]]; then
		case ${COMP_WORDS[COMP_CWORD-1]} in
		-f | --file) mapfile -t COMPREPLY < <(compgen -f -- "${COMP_WORDS[COMP_CWORD]}") ;;
		esac
	fi
}
complete -F _halab halab
