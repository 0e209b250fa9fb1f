/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tests of the files of certificates and keys: what is wrong with one is said, and a first pair. */
#include "base/secret.h"
#include "pair.h"

/* The server's files must be refused with this code and these words. */
static void
refused(const struct place *p, int code, const char *words)
{
	const struct tls_server_files files = { .cert = p->cert, .key = p->key };
	struct tls_context *context;
	int rc = tls_server_new(&files, &context);

	if (rc != code || strstr(err_text(rc), words) == NULL)
		fail_msg("%d, wanted %d with `%s`: %s", rc, code, words, err_text(rc));
}

static void
file_write(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static void
test_a_missing_file_is_named(void **state)
{
	struct place *p = *state;

	unlink(p->key);
	refused(p, -ENOENT, p->key);
	unlink(p->cert);
	refused(p, -ENOENT, p->cert);
}

static void
test_a_key_that_others_may_read_is_refused(void **state)
{
	struct place *p = *state;
	static const mode_t modes[] = { 0644, 0604, 0660, 0602, 0601, 0620 };
	struct tls_context *context;

	for (size_t i = 0; i < ARRAY_LEN(modes); i++) {
		assert_int_equal(chmod(p->key, modes[i]), 0);
		refused(p, ERR_ACCESS, "chmod 600");
	}
	assert_int_equal(chmod(p->key, 0640), 0);
	context = server_of(p, NULL);
	tls_context_unref(context);
}

static void
test_a_directory_and_a_fifo_are_no_files(void **state)
{
	struct place *p = *state;

	unlink(p->key);
	assert_int_equal(mkfifo(p->key, 0600), 0);
	refused(p, ERR_INVALID, "not a regular file");
	unlink(p->cert);
	assert_int_equal(mkdir(p->cert, 0700), 0);
	refused(p, ERR_INVALID, "not a regular file");
}

static void
test_files_without_pem_are_refused(void **state)
{
	struct place *p = *state;

	file_write(p->key, "");
	refused(p, ERR_INVALID, "is empty");
	file_write(p->key, "no key\n");
	refused(p, ERR_INVALID, "BEGIN PRIVATE KEY");
	file_write(p->cert, "no certificate\n");
	refused(p, ERR_INVALID, "BEGIN CERTIFICATE");
	file_write(p->cert, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
	refused(p, ERR_INVALID, "certificate 1 cannot be read");
	file_write(p->cert, "-----BEGIN CERTIFICATE-----\nAAAA\n");
	refused(p, ERR_INVALID, "certificate 1 cannot be read");
}

static void
test_a_key_of_another_certificate_is_refused(void **state)
{
	struct place *p = *state;
	char other[96];

	place_path(p, "other.pem", other);
	authority_issue(p->ca, &place_usual, other, p->key, NULL);
	refused(p, ERR_INVALID, "does not belong to the certificate");
}

static void
test_an_encrypted_key_is_refused(void **state)
{
	struct place *p = *state;
	char command[1024];

	snprintf(command, sizeof(command),
		 "openssl pkey -in %s -aes256 -passout pass:secret -out %s.new && mv %s.new %s && "
		 "chmod 600 %s",
		 p->key, p->key, p->key, p->key, p->key);
	assert_int_equal(system(command), 0);
	refused(p, ERR_INVALID, "openssl pkey");
}

static void
test_weak_keys_and_signatures_are_refused(void **state)
{
	struct place *p = *state;
	struct authority_spec spec = place_usual;

	spec.rsa_bits = 1024;
	place_issue(p, &spec);
	refused(p, ERR_INVALID, "ee key too small");
	spec.rsa_bits = 0;
	spec.sha1 = true;
	place_issue(p, &spec);
	refused(p, ERR_INVALID, "ca md too weak");
}

static void
test_a_chain_in_the_wrong_order_is_refused(void **state)
{
	struct place *p = *state;
	struct authority *other = authority_new("Other CA", NULL);

	authority_write(other, p->cert, true);
	refused(p, ERR_INVALID, "certificate 2 of the file did not sign certificate 1");
	authority_free(other);
}

static void
test_the_server_knows_its_certificate(void **state)
{
	struct place *p = *state;
	struct tls_context *context = server_of(p, NULL);
	const struct tls_certificate *info = tls_server_certificate(context);

	assert_string_equal(info->fingerprint, p->fingerprint);
	assert_string_equal(info->names, "a.example, 127.0.0.1, ::1");
	assert_int_equal(info->not_after - info->not_before, 86400 + 3600);
	assert_true(tls_server_covers(context, "a.example"));
	assert_true(tls_server_covers(context, "::1"));
	assert_false(tls_server_covers(context, "b.example"));
	assert_false(tls_server_covers(context, "127.0.0.2"));
	tls_context_unref(context);
}

static void
test_many_names_are_cut(void **state)
{
	struct place *p = *state;
	struct authority_spec spec = place_usual;
	char names[2048] = "DNS:first.example";
	struct tls_context *context;
	const char *text;

	for (int i = 0; i < 60; i++)
		sprintf(names + strlen(names), ",DNS:n%d.example", i);
	spec.names = names;
	place_issue(p, &spec);
	context = server_of(p, NULL);
	text = tls_server_certificate(context)->names;
	assert_non_null(strstr(text, "first.example"));
	assert_string_equal(text + strlen(text) - strlen(", …"), ", …");
	tls_context_unref(context);
}

/* ---- a first pair ---- */

static void
test_a_first_certificate_serves_and_is_trusted(void **state)
{
	struct place *p = *state;
	const char *const names[] = { "array.example", "192.0.2.10", "::1" };
	char fingerprint[TLS_FINGERPRINT_SIZE];
	struct tls_context *server;
	struct stat st;

	unlink(p->cert);
	unlink(p->key);
	assert_int_equal(tls_certificate_make(names, 3, p->cert, p->key, fingerprint), 0);
	assert_int_equal(stat(p->key, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(stat(p->cert, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0644);
	server = server_of(p, NULL);
	assert_string_equal(tls_server_certificate(server)->fingerprint, fingerprint);
	assert_string_equal(tls_server_certificate(server)->names,
			    "array.example, 192.0.2.10, ::1");
	tls_context_unref(server);
}

static void
test_a_first_certificate_replaces_nothing(void **state)
{
	struct place *p = *state;
	const char *const names[] = { "array" };
	char fingerprint[TLS_FINGERPRINT_SIZE];

	assert_int_equal(tls_certificate_make(names, 1, p->cert, p->key, fingerprint), -EEXIST);
	unlink(p->key);
	assert_int_equal(tls_certificate_make(names, 1, p->cert, p->key, fingerprint), -EEXIST);
	assert_int_equal(access(p->key, F_OK), -1); /* nothing is left */
}

static void
test_a_first_certificate_needs_host_names(void **state)
{
	struct place *p = *state;
	static const char *const bad[] = { "", "a b", "a,DNS:b", "-a", ".a", "a\nb", "a:b", "*.a" };
	char fingerprint[TLS_FINGERPRINT_SIZE];

	unlink(p->cert);
	unlink(p->key);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_int_equal(tls_certificate_make(&bad[i], 1, p->cert, p->key, fingerprint),
				 ERR_INVALID);
	assert_int_equal(access(p->key, F_OK), -1);
}

/* ---- memory ---- */

static void
test_every_allocation_may_fail(void **state)
{
	struct place *p = *state;
	const struct tls_server_files files = { p->cert, p->key, p->ca_path, NULL };
	const struct tls_client_options options = { .fingerprints = p->fingerprint,
						    .cert = p->cert,
						    .key = p->key };

	WITH_EVERY_FAULT
	{
		struct tls_context *context = NULL;
		int rc = tls_server_new(&files, &context);

		assert_int_equal(rc, FAULT_HIT ? -ENOMEM : 0);
		tls_context_unref(context);
	}
	WITH_EVERY_FAULT
	{
		struct tls_context *context = NULL;
		struct tls_conn *conn = NULL;
		struct tls_io io = { 0 };
		int rc = tls_client_new(&options, &context);

		if (rc == 0)
			rc = tls_conn_new(context, &io, "a.example", &conn);
		assert_int_equal(rc, FAULT_HIT ? -ENOMEM : 0);
		tls_conn_free(conn);
		tls_context_unref(context);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, place_setup, place_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_a_missing_file_is_named),
		TEST(test_a_key_that_others_may_read_is_refused),
		TEST(test_a_directory_and_a_fifo_are_no_files),
		TEST(test_files_without_pem_are_refused),
		TEST(test_a_key_of_another_certificate_is_refused),
		TEST(test_an_encrypted_key_is_refused),
		TEST(test_weak_keys_and_signatures_are_refused),
		TEST(test_a_chain_in_the_wrong_order_is_refused),
		TEST(test_the_server_knows_its_certificate),
		TEST(test_many_names_are_cut),
		TEST(test_a_first_certificate_serves_and_is_trusted),
		TEST(test_a_first_certificate_replaces_nothing),
		TEST(test_a_first_certificate_needs_host_names),
		TEST(test_every_allocation_may_fail),
	};

	return cmocka_run_group_tests_name("tls-files", tests, NULL, NULL);
}
