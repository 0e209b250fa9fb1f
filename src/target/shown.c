/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which targets each initiator is shown: an index of pairs (initiator name, target name) such that
 * a LUN behind the target has a mask that names the initiator; "*" stands for the initiator when a
 * mask admits everybody, and "host:ID" or "host-group:ID" for those of a host or a group, so that
 * their names may change without a change of the index.  A SendTargets answer is read from the
 * index in order, so its cost grows with the length of the answer and not with the size of the
 * array.
 *
 * The index is a tree that is shared by successive views: a change copies the nodes on the way from
 * the root to what it changes (copy on write, by reference counts).  The publisher makes it; any
 * thread that has the view reads it.
 *
 * 1. In the order of keys a node stands between its left and its right subtree.
 * 2. A node's priority, a hash of its key, is not below those of its subtrees' roots: a treap,
 *    whose depth is some times the logarithm of its size whatever the order of insertions.
 * 3. A node that only one tree has (refs is 1, and so are those of all above it) is changed in
 *    place.
 */
#include <errno.h>
#include <string.h>

#include "base/str.h"
#include "target/target_int.h"

#define SEPARATOR '\x01' /* below every character that a name has: names sort as pairs do */
#define KEY_MAX   (2 * ISCSI_NAME_MAX + 2)

/* "<initiator>\x01<target>", shared by a node and its copies. */
struct shown_key {
	atomic_uint refs;
	const char *target; /* in text */
	char text[];
};

struct target_shown {
	atomic_uint refs;
	unsigned count; /* LUNs that make it so */
	uint32_t priority;
	struct shown_key *key;
	struct target_shown *left, *right;
};

/* ---- Nodes ---- */

struct target_shown *
target_shown_ref(struct target_shown *node)
{
	if (node != NULL)
		atomic_fetch_add_explicit(&node->refs, 1, memory_order_relaxed);
	return node;
}

static void
key_unref(struct shown_key *key)
{
	if (atomic_fetch_sub_explicit(&key->refs, 1, memory_order_acq_rel) == 1)
		mem_free(key);
}

void
target_shown_unref(struct target_shown *node)
{
	if (node == NULL || atomic_fetch_sub_explicit(&node->refs, 1, memory_order_acq_rel) != 1)
		return;
	target_shown_unref(node->left);
	target_shown_unref(node->right);
	key_unref(node->key);
	mem_free(node);
}

static uint32_t
priority_of(const char *text)
{
	uint64_t h = 14695981039346656037ull; /* FNV-1a, then mixed */

	for (; *text != '\0'; text++)
		h = (h ^ (uint8_t)*text) * 1099511628211ull;
	h ^= h >> 33;
	h *= 0xff51afd7ed558ccdull;
	return (uint32_t)(h >> 32);
}

static struct target_shown *
node_new(const char *text)
{
	size_t len = strlen(text);
	struct shown_key *key = mem_alloc(sizeof(*key) + len + 1);
	struct target_shown *node = mem_calloc(1, sizeof(*node));

	if (key == NULL || node == NULL) {
		mem_free(key);
		mem_free(node);
		return NULL;
	}
	atomic_init(&key->refs, 1);
	memcpy(key->text, text, len + 1);
	key->target = strchr(key->text, SEPARATOR) + 1;
	atomic_init(&node->refs, 1);
	node->count = 1;
	node->priority = priority_of(text);
	node->key = key;
	return node;
}

/* Have *p be a node of this tree alone. */
static int
own(struct target_shown_edit *edit, struct target_shown **p)
{
	struct target_shown *old = *p, *node;

	edit->steps++;
	if (atomic_load_explicit(&old->refs, memory_order_acquire) == 1)
		return 0;
	node = mem_alloc(sizeof(*node));
	if (node == NULL)
		return -ENOMEM;
	*node = (struct target_shown){
		.count = old->count,
		.priority = old->priority,
		.key = old->key,
		.left = target_shown_ref(old->left),
		.right = target_shown_ref(old->right),
	};
	atomic_init(&node->refs, 1);
	atomic_fetch_add_explicit(&node->key->refs, 1, memory_order_relaxed);
	target_shown_unref(old);
	*p = node;
	return 0;
}

/* ---- Changing the tree ---- */

static void
rotate_right(struct target_shown **p)
{
	struct target_shown *node = *p, *left = node->left;

	node->left = left->right;
	left->right = node;
	*p = left;
}

static void
rotate_left(struct target_shown **p)
{
	struct target_shown *node = *p, *right = node->right;

	node->right = right->left;
	right->left = node;
	*p = right;
}

static int
insert(struct target_shown_edit *edit, struct target_shown **p, const char *text)
{
	int rc, order;

	if (*p == NULL) {
		*p = node_new(text);
		return *p == NULL ? -ENOMEM : 0;
	}
	rc = own(edit, p);
	if (rc < 0)
		return rc;
	order = strcmp(text, (*p)->key->text);
	if (order == 0) {
		(*p)->count++;
		return 0;
	}
	rc = insert(edit, order < 0 ? &(*p)->left : &(*p)->right, text);
	if (rc < 0)
		return rc;
	if ((*p)->left != NULL && (*p)->left->priority > (*p)->priority)
		rotate_right(p);
	else if ((*p)->right != NULL && (*p)->right->priority > (*p)->priority)
		rotate_left(p);
	return 0;
}

/* The node sinks until it has one subtree at most, which then takes its place. */
static int
sink(struct target_shown_edit *edit, struct target_shown **p)
{
	while ((*p)->left != NULL && (*p)->right != NULL) {
		bool from_left = (*p)->left->priority > (*p)->right->priority;
		int rc = own(edit, from_left ? &(*p)->left : &(*p)->right);

		if (rc < 0)
			return rc;
		if (from_left) {
			rotate_right(p);
			p = &(*p)->right;
		} else {
			rotate_left(p);
			p = &(*p)->left;
		}
	}
	struct target_shown *node = *p;

	*p = node->left != NULL ? node->left : node->right;
	node->left = node->right = NULL;
	target_shown_unref(node);
	return 0;
}

static int
take_out(struct target_shown_edit *edit, const char *text)
{
	struct target_shown **p = &edit->root;

	while (*p != NULL) {
		int rc = own(edit, p), order;

		if (rc < 0)
			return rc;
		order = strcmp(text, (*p)->key->text);
		if (order == 0)
			return --(*p)->count > 0 ? 0 : sink(edit, p);
		p = order < 0 ? &(*p)->left : &(*p)->right;
	}
	return 0;
}

/* ---- Masks ---- */

/* The next name of a canonical list; false at its end. */
static bool
next_name(const char **mask, const char **ret_name, size_t *ret_len)
{
	*mask += strspn(*mask, ";");
	*ret_name = *mask;
	*ret_len = strcspn(*mask, ";");
	*mask += *ret_len;
	return *ret_len > 0;
}

/* False: no initiator has such a name. */
static bool
make_text(char text[KEY_MAX], const char *name, size_t len, const char *target)
{
	size_t target_len = strlen(target);

	if (len > ISCSI_NAME_MAX || target_len > ISCSI_NAME_MAX)
		return false;
	for (size_t i = 0; i < len; i++)
		text[i] = name[i] >= 'A' && name[i] <= 'Z' ? (char)(name[i] + 32) : name[i];
	text[len] = SEPARATOR;
	memcpy(text + len + 1, target, target_len + 1);
	return true;
}

static int
compare_names(const char *a, size_t a_len, const char *b, size_t b_len)
{
	int order = memcmp(a, b, MIN(a_len, b_len));

	return order != 0 ? order : (a_len > b_len) - (a_len < b_len);
}

int
target_shown_change(struct target_shown_edit *edit, const char *before, const char *after,
		    const char *target)
{
	const char *old = NULL, *new = NULL;
	size_t old_len = 0, new_len = 0;
	bool has_old = next_name(&before, &old, &old_len);
	bool has_new = next_name(&after, &new, &new_len);
	char text[KEY_MAX];
	int rc = 0;

	while (rc == 0 && (has_old || has_new)) {
		int order = !has_old   ? 1
			    : !has_new ? -1
				       : compare_names(old, old_len, new, new_len);

		if (order < 0 && make_text(text, old, old_len, target))
			rc = take_out(edit, text);
		else if (order > 0 && make_text(text, new, new_len, target))
			rc = insert(edit, &edit->root, text);
		if (order <= 0)
			has_old = next_name(&before, &old, &old_len);
		if (order >= 0)
			has_new = next_name(&after, &new, &new_len);
	}
	return rc;
}

/* ---- Reading ---- */

/* The first key at or behind text, strictly behind it when `beyond`; NULL = none. */
static const struct shown_key *
first_from(const struct target_shown *node, const char *text, bool beyond)
{
	const struct shown_key *found = NULL;

	while (node != NULL) {
		int order = strcmp(node->key->text, text);

		if (order > 0 || (order == 0 && !beyond)) {
			found = node->key;
			node = node->left;
		} else {
			node = node->right;
		}
	}
	return found;
}

/* The first target behind `after` (NULL = of all) that masks with this very name show. */
static const char *
next_of(const struct target_shown *root, const char *name, const char *after)
{
	size_t len = strlen(name);
	const struct shown_key *key;
	char text[KEY_MAX];

	if (!make_text(text, name, len, after != NULL ? after : ""))
		return NULL;
	key = first_from(root, text, after != NULL);
	if (key == NULL || strncmp(key->text, text, len + 1) != 0)
		return NULL;
	return key->target;
}

const char *
target_shown_next(const struct target_shown *root, const char *initiator, const char *after)
{
	const char *to_all = next_of(root, "*", after), *to_one = next_of(root, initiator, after);

	if (to_all == NULL || to_one == NULL)
		return to_all != NULL ? to_all : to_one;
	return strcmp(to_all, to_one) < 0 ? to_all : to_one;
}

static bool
has(const struct target_shown *root, const char *name, const char *target)
{
	const struct shown_key *key;
	char text[KEY_MAX];

	if (!make_text(text, name, strlen(name), target))
		return false;
	key = first_from(root, text, false);
	return key != NULL && strcmp(key->text, text) == 0;
}

bool
target_shown_has(const struct target_shown *root, const char *initiator, const char *target)
{
	return has(root, "*", target) || has(root, initiator, target);
}
