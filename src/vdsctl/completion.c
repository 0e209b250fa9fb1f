/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * `vdsctl completion SHELL`: the scripts that bash, zsh and fish need.  Each of them only asks
 * `vdsctl __complete` (complete.c), so what can be completed is said in one place.  The build
 * installs what this prints.
 */
#include <stdio.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "vdsctl/ctl_int.h"

/*
 * bash splits words at ':' and '@' too, which iSCSI names, addresses, portal groups and snapshots
 * contain: what stands before the last of them is taken off again (COMP_WORDBREAKS;
 * bash-completion's __ltrim_colon_completions does that for colons).
 */
static const char bash_script[] =
	"# bash completion for vdsctl, made by `vdsctl completion bash`\n"
	"_vdsctl()\n"
	"{\n"
	"\tlocal line=${COMP_LINE:0:COMP_POINT} words=() current candidate before breaks\n"
	"\tread -ra words <<<\"$line\"\n"
	"\t[[ $line == *[[:space:]] ]] && words+=('')\n"
	"\tcurrent=${words[-1]}\n"
	"\tbefore=''\n"
	"\tbreaks=${COMP_WORDBREAKS//[^:@]/}\n"
	"\t[[ -n $breaks && $current == *[$breaks]* ]] && "
	"before=${current%\"${current##*[$breaks]}\"}\n"
	"\tCOMPREPLY=()\n"
	"\twhile IFS= read -r candidate; do\n"
	"\t\t[[ $candidate == \"$before\"* ]] && COMPREPLY+=(\"$(printf %q "
	"\"${candidate#\"$before\"}\")\")\n"
	"\tdone < <(\"${words[0]}\" __complete \"${words[@]:1}\" 2>/dev/null)\n"
	"\t[[ ${COMPREPLY[*]-} != *= ]] || compopt -o nospace\n"
	"}\n"
	"complete -o default -F _vdsctl vdsctl\n";

static const char zsh_script[] =
	"#compdef vdsctl\n"
	"# zsh completion for vdsctl, made by `vdsctl completion zsh`\n"
	"_vdsctl()\n"
	"{\n"
	"\tlocal -a candidates\n"
	"\tcandidates=(\"${(@f)$(\"${words[1]}\" __complete \"${(@Q)words[2,CURRENT]}\" "
	"2>/dev/null)}\")\n"
	"\tcandidates=(${candidates:#})\n"
	"\tif (( ${#candidates} )); then compadd -- \"${candidates[@]}\"; else _files; fi\n"
	"}\n"
	"if [[ $zsh_eval_context[-1] == loadautofunc ]]; then _vdsctl \"$@\"; else compdef _vdsctl "
	"vdsctl; fi\n";

static const char fish_script[] = "# fish completion for vdsctl, made by `vdsctl completion fish`\n"
				  "function __vdsctl_complete\n"
				  "\tset -l words (commandline -opc) (commandline -ct)\n"
				  "\t$words[1] __complete $words[2..-1] 2>/dev/null\n"
				  "end\n"
				  "complete -c vdsctl -f -a '(__vdsctl_complete)'\n"
				  "complete -c vdsctl -n 'string match -qr \"^(pool "
				  "create|batch|diskraid)\" -- (string join \" \" -- "
				  "(commandline -opc)[2..-1])' -F\n";

int
ctl_run_completion(struct ctl *ctl)
{
	static const struct {
		const char *shell, *script;
	} scripts[] = { { "bash", bash_script }, { "zsh", zsh_script }, { "fish", fish_script } };
	const char *shell = ctl->arg_count > 0 ? ctl->args[0] : "bash";

	for (size_t i = 0; i < ARRAY_LEN(scripts); i++) {
		if (!str_equal(scripts[i].shell, shell))
			continue;
		fputs(scripts[i].script, ctl->out);
		return 0;
	}
	return err_set(ERR_INVALID, "there is no completion for %s, only for bash, zsh and fish",
		       shell);
}
