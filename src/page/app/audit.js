// SPDX-License-Identifier: LGPL-2.1-or-later
// The records of the audit log, by pages.
import { useEffect, useState } from 'preact/hooks';
import { call, mayDo } from './api.js';
import { useStore } from './store.js';

const PAGE = 200;

/**
 * The records, the newest first, loaded anew when the array changes.  Returns { records, error,
 * allowed: whether the role may read them, older: loads more, or null at the end }.
 */
export function useAudit() {
	const { replica, me } = useStore();
	const [records, setRecords] = useState([]),
		[next, setNext] = useState(null),
		[error, setError] = useState('');
	const allowed = mayDo(me.role, 'auditList');
	const load = async (before) => {
		try {
			const got = await call('auditList', { query: { limit: PAGE, before } });
			setRecords((old) => (before ? [...old, ...got.items] : got.items));
			setNext(got.next);
			setError('');
		} catch (failure) {
			setError(failure.message);
		}
	};
	useEffect(() => {
		if (allowed) load();
	}, [allowed, replica.position?.sequence]);
	return { records, error, allowed, older: next === null ? null : () => load(next) };
}
