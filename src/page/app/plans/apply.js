// SPDX-License-Identifier: LGPL-2.1-or-later
// Carries a plan out.

const fill = (value, made) =>
	typeof value === 'string'
		? value.replace(/\$\{(\w+)\}/g, (text, name) => made[name] ?? text)
		: Array.isArray(value)
			? value.map((v) => fill(v, made))
			: value && typeof value === 'object'
				? Object.fromEntries(Object.entries(value).map(([k, v]) => [k, fill(v, made)]))
				: value;

/** A step with the ids that earlier steps have made. */
export const resolve = (step, made) => ({
	...step,
	ids: fill(step.ids ?? [], made),
	body: fill(step.body, made),
});

/**
 * Carries out the steps one after the other, from number `from` on.  send(step) makes the call and
 * returns its answer; step(i, state, answer) is told about 'doing' and 'done'.  What earlier steps
 * made is kept in `made`.  The first error ends it: what was done before stays, and the error says
 * at which step (error.step).
 */
export async function apply(steps, send, step, made = {}, from = 0) {
	for (let i = from; i < steps.length; i++) {
		step(i, 'doing');
		try {
			const answer = await send(resolve(steps[i], made), i);
			if (steps[i].as) made[steps[i].as] = answer.id;
			step(i, 'done', answer);
		} catch (error) {
			error.step = i;
			throw error;
		}
	}
	return made;
}
