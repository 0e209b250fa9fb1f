// SPDX-License-Identifier: LGPL-2.1-or-later
// A secret that vdsd tells once, in the dialog of the change that has made it.
import { useEffect, useRef, useState } from 'preact/hooks';
import { Icon } from './icons.jsx';

async function copy(input) {
	try {
		await navigator.clipboard.writeText(input.value);
		return true;
	} catch {
		// without the right to the clipboard, or over plain HTTP, the selection can be copied
		input.select();
		return document.execCommand('copy');
	}
}

const SAID = {
	yes: 'It is in the clipboard.',
	no: 'The browser does not allow that: copy the selected text yourself.',
};

/** secret: the text; null where an earlier answer, which got lost, had told it. */
export function Once({ secret, label }) {
	const input = useRef(),
		[copied, setCopied] = useState('');
	useEffect(() => {
		input.current?.focus();
		input.current?.select();
	}, []);
	if (secret === null)
		return (
			<p class="problem warn" role="alert">
				<Icon name="warn" />
				<span>
					It is made, but the answer that told it got lost on the way. Revoke this one,
					and make another.
				</span>
			</p>
		);
	return (
		<section class="once" aria-label={label}>
			<div class="field">
				<label for="once">{label}</label>
				<div class="once-row">
					<input
						id="once"
						ref={input}
						class="mono"
						readonly
						value={secret}
						autocomplete="off"
						spellcheck={false}
						aria-describedby="once-hint"
						onFocus={(e) => e.currentTarget.select()}
					/>
					<button
						type="button"
						class="button"
						onClick={async () => setCopied((await copy(input.current)) ? 'yes' : 'no')}
					>
						Copy
					</button>
				</div>
				<p class="hint" id="once-hint">
					This is shown only now. Keep it where secrets are kept: whoever has it has its
					role.
				</p>
				<p class="hint" role="status">
					{SAID[copied] ?? ''}
				</p>
			</div>
		</section>
	);
}
