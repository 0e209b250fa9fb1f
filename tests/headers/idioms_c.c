/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What programs for VDS on Windows use of their system, in C: the headers in include/vds/compat
 * have it, and it does the same.
 */
#include <windows.h>
#include <initguid.h>
#include <stdio.h>
#include <wchar.h>
#include <strsafe.h>
#include <vds.h>

static int failures;

#define EXPECT(condition)                                         \
	do {                                                      \
		if (!(condition)) {                               \
			printf("%d: %s\n", __LINE__, #condition); \
			failures++;                               \
		}                                                 \
	} while (0)

static void
test_strings(void)
{
	WCHAR text[32], *copy;

	EXPECT(wcslen(L"abc") == 3 && wcsnlen(L"abc", 2) == 2);
	EXPECT(wcscmp(wcscat(wcscpy(text, L"ab"), L"cd"), L"abcd") == 0);
	EXPECT(wcscmp(wcsncpy(text, L"xyz", 32), L"xyz") == 0);
	copy = _wcsdup(text);
	EXPECT(copy != NULL && wmemcmp(copy, text, 4) == 0);
	free(copy);
	EXPECT(SUCCEEDED(StringCchPrintfW(text, ARRAYSIZE(text), L"%ls %hs %d", L"a", "b", 3)));
	EXPECT(wcscmp(text, L"a b 3") == 0);
	EXPECT(StringCchPrintfW(text, ARRAYSIZE(text), L"%n", &failures) != S_OK && text[0] == 0);
}

/* A string that ends without a NUL is read no further than the precision says. */
static void
test_precision(void)
{
	WCHAR *name = malloc(4 * sizeof(*name)), text[8];

	if (name == NULL)
		return;
	wmemcpy(name, L"abcd", 4);
	EXPECT(SUCCEEDED(StringCchPrintfW(text, ARRAYSIZE(text), L"%.4s", name)));
	EXPECT(wcscmp(text, L"abcd") == 0);
	free(name);
}

static void
test_event(void)
{
	HANDLE event = CreateEvent(NULL, TRUE, TRUE, NULL);

	EXPECT(WaitForSingleObject(event, 0) == WAIT_OBJECT_0);
	EXPECT(WaitForSingleObject(event, 0) == WAIT_OBJECT_0); /* it is reset by hand */
	EXPECT(ResetEvent(event) && WaitForSingleObject(event, 1) == WAIT_TIMEOUT);
	EXPECT(CloseHandle(event) && !CloseHandle(NULL));
}

int __cdecl main(void)
{
	LPWSTR string = NULL;
	IVdsServiceLoader *loader = NULL;

	EXPECT(SUCCEEDED(CoInitialize(NULL)));
	EXPECT(SUCCEEDED(CoCreateInstance(&CLSID_VdsLoader, NULL, CLSCTX_SERVER,
					  &IID_IVdsServiceLoader, (void **)&loader)));
	if (loader != NULL)
		loader->lpVtbl->Release(loader);
	EXPECT(SUCCEEDED(StringFromIID(&IID_IVdsLun, &string)));
	EXPECT(wcscmp(string, L"{3540A9C7-E60F-4111-A840-8BBA6C2C83D8}") == 0);
	CoTaskMemFree(string);
	test_strings();
	test_precision();
	test_event();
	CoUninitialize();
	return failures != 0;
}
