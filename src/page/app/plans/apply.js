// SPDX-License-Identifier: LGPL-2.1-or-later
// Carries a plan out.

/** The ids of what an answer says that was made, by family: { lun: ID, target: ID }. */
const idsOf = (answer) =>
	Object.fromEntries(
		(answer.plan?.steps ?? [])
			.filter((step) => step.action === 'create')
			.map((step) => [step.family, step.key[0]]),
	);

/**
 * Carries out the steps one after the other, from number `from` on.  send(step, i) makes the call
 * and returns its answer; step(i, state, answer) is told about 'doing' and 'done'.  What was made is
 * kept in `made`, by the name that a step gives it (`as`) or by its family.  The first error ends
 * it: what was done before stays, and the error says at which step (error.step).
 */
export async function apply(steps, send, step, made = {}, from = 0) {
	for (let i = from; i < steps.length; i++) {
		step(i, 'doing');
		try {
			const answer = await send(steps[i], i);
			if (steps[i].as) made[steps[i].as] = answer.id;
			Object.assign(made, idsOf(answer));
			step(i, 'done', answer);
		} catch (error) {
			error.step = i;
			throw error;
		}
	}
	return made;
}
