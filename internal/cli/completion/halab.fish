# fish completion for halab: halab completion fish > ~/.config/fish/completions/halab.fish
function __halab_complete
	set -l words (commandline -opc)
	set -l typed (commandline -ct)
	if string match -qr '^(-f|--file)$' -- $words[-1]
		__fish_complete_path $typed
	else
		$words[1] __complete -- $words[2..-1] $typed 2>/dev/null
	end
end
complete -c halab -f -a '(__halab_complete)'
