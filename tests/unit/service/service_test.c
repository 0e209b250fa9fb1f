/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The helpers of service_test.h. */
#include "service_test.h"

#include <sched.h>
#include <sys/mman.h>

char service_directory[64];

static void
path_of(char *path, size_t size, const char *name)
{
	snprintf(path, size, "%s/%s", service_directory, name);
}

int
service_setup(void **test_state)
{
	(void)test_state;
	strcpy(service_directory, "/tmp/vds-service.XXXXXX");
	if (mkdtemp(service_directory) == NULL)
		return -1;
	setenv("VDS_PROVIDERS", service_directory, 1);
	setenv("VDS_IMPORT_TARGETS", service_directory, 1);
	setenv("VDS_HOST", HOST, 1);
	setenv("VDS_URL", "fake:", 1);
	unsetenv("VDS_HOST_TIMEOUT");
	unsetenv("VDS_CALL_TIMEOUT");
	unsetenv("VDS_LOAD_TIMEOUT");
	return SUCCEEDED(CoInitializeEx(NULL, COINIT_MULTITHREADED)) ? 0 : -1;
}

int
service_teardown(void **test_state)
{
	char command[128];

	(void)test_state;
	CoUninitialize();
	snprintf(command, sizeof(command), "rm -r %s", service_directory);
	return system(command);
}

void
service_write(const char *name, const char *text)
{
	char path[128];
	int fd;

	path_of(path, sizeof(path), name);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
	assert_true(fd >= 0);
	assert_int_equal(fchmod(fd, 0644), 0); /* whatever the umask is */
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
}

static void
library_of(char *path, size_t size, unsigned mode)
{
	char name[32];

	snprintf(name, sizeof(name), "fake%u.so", mode);
	path_of(path, size, name);
}

void
service_register(unsigned mode)
{
	char name[32], library[128], text[512], command[512];

	library_of(library, sizeof(library), mode);
	snprintf(command, sizeof(command), "install -m 755 '%s/fake_provider_%u.so' %s", FAKES,
		 mode, library);
	assert_int_equal(system(command), 0);
	snprintf(name, sizeof(name), "fake%u.so.state", mode);
	service_write(name, "");
	path_of(library, sizeof(library), name);
	assert_int_equal(truncate(library, sizeof(struct fake_state)), 0);
	library_of(library, sizeof(library), mode);
	snprintf(name, sizeof(name), "%02u.conf", mode);
	snprintf(text, sizeof(text),
		 "# a provider of the tests\n"
		 "id = 0000%04u-0000-0000-0000-000000000001\n"
		 "clsid = {fa4e0001-0000-0000-0000-000000000000}\n"
		 "name = fake %u\ntype = hardware\nversion=1.0\n\nlibrary = %s\n",
		 mode, mode, library);
	service_write(name, text);
}

struct fake_state *
service_fake(unsigned mode)
{
	char library[128], path[140];
	static struct fake_state *mapped[FAKE_MODES + 1];
	static char directory[sizeof(service_directory)];
	struct fake_state *state;
	int fd;

	if (strcmp(directory, service_directory) != 0) { /* of another test */
		memset(mapped, 0, sizeof(mapped));
		strcpy(directory, service_directory);
	}
	if (mapped[mode] != NULL)
		return mapped[mode];
	library_of(library, sizeof(library), mode);
	snprintf(path, sizeof(path), "%s.state", library);
	fd = open(path, O_RDWR | O_CLOEXEC);
	assert_true(fd >= 0);
	state = mmap(NULL, sizeof(*state), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	assert_true(state != MAP_FAILED);
	close(fd);
	mapped[mode] = state;
	return state; /* until the program ends */
}

/* Returns whether a process is there; one that is dead and that nobody has waited for is not. */
static bool
is_there(pid_t pid)
{
	char path[64], text[256] = "";
	const char *state;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	file = fopen(path, "re");
	if (file == NULL)
		return false;
	if (fgets(text, sizeof(text), file) == NULL)
		text[0] = '\0';
	fclose(file);
	state = strrchr(text, ')');
	return state != NULL && state[1] == ' ' && state[2] != 'Z' && state[2] != 'X';
}

void
service_wait_gone(pid_t pid)
{
	while (is_there(pid))
		sched_yield();
}

IVdsService *
service_load(void)
{
	IVdsServiceLoader *loader = NULL;
	IVdsService *service = NULL;

	assert_int_equal(CoCreateInstance(&CLSID_VdsLoader, NULL, CLSCTX_LOCAL_SERVER,
					  &IID_IVdsServiceLoader, (void **)&loader),
			 S_OK);
	assert_int_equal(IVdsServiceLoader_LoadService(loader, NULL, &service), S_OK);
	assert_int_equal(IVdsServiceLoader_Release(loader), 0);
	assert_int_equal(IVdsService_WaitForServiceReady(service), S_OK);
	return service;
}

void *
service_next(IEnumVdsObject *list, const IID *iid)
{
	IUnknown *unknown = NULL;
	ULONG fetched = 7;
	void *object;

	if (IEnumVdsObject_Next(list, 1, &unknown, &fetched) != S_OK) {
		assert_int_equal(fetched, 0);
		return NULL;
	}
	assert_int_equal(fetched, 1);
	object = query(unknown, iid);
	RELEASE(unknown);
	return object;
}

static bool
has_name(IVdsHwProvider *hw, const char *name)
{
	IVdsProvider *provider = query(hw, &IID_IVdsProvider);
	VDS_PROVIDER_PROP prop;
	char *text = NULL;
	bool same;

	if (FAILED(IVdsProvider_GetProperties(provider, &prop))) { /* its process has just ended */
		RELEASE(provider);
		return false;
	}
	assert_int_equal(com_string_in(prop.pwszName, &text), 0);
	same = strcmp(text, name) == 0;
	mem_free(text);
	CoTaskMemFree(prop.pwszName);
	CoTaskMemFree(prop.pwszVersion);
	RELEASE(provider);
	return same;
}

IVdsHwProvider *
service_find(IVdsService *service, const char *name, unsigned *ret_count)
{
	IVdsHwProvider *found = NULL, *provider;
	IEnumVdsObject *list = NULL;
	unsigned count = 0;

	assert_int_equal(IVdsService_QueryProviders(service, VDS_QUERY_HARDWARE_PROVIDERS, &list),
			 S_OK);
	while ((provider = service_next(list, &IID_IVdsHwProvider)) != NULL) {
		count++;
		if (found == NULL && has_name(provider, name))
			found = provider;
		else
			RELEASE(provider);
	}
	RELEASE(list);
	if (ret_count != NULL)
		*ret_count = count;
	return found;
}

IVdsSubSystem *
service_subsystem(IVdsService *service)
{
	IVdsHwProvider *provider = service_find(service, "fake", NULL);
	IEnumVdsObject *list = NULL;
	IVdsSubSystem *subsystem;

	assert_non_null(provider);
	assert_int_equal(IVdsHwProvider_QuerySubSystems(provider, &list), S_OK);
	subsystem = service_next(list, &IID_IVdsSubSystem);
	assert_non_null(subsystem);
	RELEASE(list);
	RELEASE(provider);
	return subsystem;
}
