// SPDX-License-Identifier: LGPL-2.1-or-later
// Signing in with a token.
import { useEffect, useRef, useState } from 'preact/hooks';
import { Icon } from '../icons.jsx';
import { signIn } from '../store.js';

export function Login({ why }) {
	const input = useRef();
	const [token, setToken] = useState(''),
		[busy, setBusy] = useState(false);
	const [error, setError] = useState('');
	useEffect(() => {
		document.title = 'Sign in – vdsd';
		input.current.focus();
	}, []);
	const submit = async (e) => {
		e.preventDefault();
		setBusy(true);
		setError('');
		try {
			await signIn(token.trim());
		} catch (failure) {
			setBusy(false);
			setError(
				failure.status === 401
					? `This token is refused: ${failure.message}`
					: failure.message,
			);
			input.current.focus();
		}
	};
	return (
		<main class="login">
			<form onSubmit={submit} aria-labelledby="title">
				<span class="logo" aria-hidden="true" />
				<h1 id="title">Sign in</h1>
				{why && (
					<p class="problem warn" role="alert">
						<Icon name="warn" />
						<span>{why}</span>
					</p>
				)}
				<div class="field">
					<label for="token">Token</label>
					<input
						id="token"
						ref={input}
						class="mono"
						type="password"
						value={token}
						required
						autocomplete="off"
						spellcheck={false}
						aria-describedby="token-hint"
						aria-invalid={error ? 'true' : undefined}
						onInput={(e) => setToken(e.currentTarget.value)}
					/>
					<p class="hint" id="token-hint">
						On the array, <code>vdsctl token create NAME --role operator</code> makes
						one. The browser keeps it only until this tab is closed.
					</p>
				</div>
				<div role="alert">
					{error && (
						<p class="problem bad">
							<Icon name="bad" />
							<span>{error}</span>
						</p>
					)}
				</div>
				<button
					type="submit"
					class="button main wide"
					disabled={busy || token.trim() === ''}
				>
					{busy ? 'Signing in…' : 'Sign in'}
				</button>
			</form>
		</main>
	);
}
