/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The names of Win32 that programs for VDS use, for systems other than Windows.  This directory is
 * not searched unless the program asks for it (pkg-config vds-compat), so that no other program
 * gets a windows.h that it did not want.  libvds(3), "PROGRAMS FOR WINDOWS", says what is offered.
 *
 * L"text" is a WCHAR string only with the compiler's option -fshort-wchar, which pkg-config
 * vds-compat includes; wprintf, wcslen and the like are replaced by functions for 16-bit characters
 * then (stdio.h and wchar.h in this directory).
 */
#ifndef VDS_COMPAT_WINDOWS_H
#define VDS_COMPAT_WINDOWS_H

#ifdef _WIN32
#error "on Windows take the system's windows.h: leave include/vds/compat out of the search path"
#endif

#include "../vdstypes.h"
#include "../vdserr.h"

#include <pthread.h>
#include <string.h>
#include <time.h>

/* ---- words of declarations ---- */

#define WINAPI
#define APIENTRY
#define CALLBACK
#define __cdecl
#define __stdcall
#define IN
#define OUT
#define OPTIONAL
#ifndef CONST
#define CONST const
#endif
#define UNREFERENCED_PARAMETER(name) ((void)(name))
#define __declspec(attribute)
#define _In_
#define _In_opt_
#define _In_z_
#define _In_reads_(count)
#define _Out_
#define _Out_opt_
#define _Out_writes_(count)
#define _Inout_
#define _Inout_opt_
#define _Outptr_
#define _COM_Outptr_
#define _Ret_maybenull_
#define _Success_(condition)
#define _Use_decl_annotations_

/* ---- types ---- */

#ifndef VOID
#define VOID void
#endif
typedef void *PVOID;
typedef void *LPVOID;
typedef const void *LPCVOID;
typedef void *HANDLE;
typedef HANDLE HINSTANCE;
typedef HANDLE HMODULE;
typedef char CHAR;
typedef char *LPSTR;
typedef char *PSTR;
typedef const char *LPCSTR;
typedef const char *PCSTR;
typedef WCHAR *PWSTR;
typedef const WCHAR *PCWSTR;
typedef WCHAR *PWCHAR;
typedef WCHAR OLECHAR;
typedef OLECHAR *LPOLESTR;
typedef const OLECHAR *LPCOLESTR;
typedef int INT;
typedef unsigned int UINT;
typedef uint16_t WORD;
typedef int64_t LONGLONG;
typedef int64_t LONG64;
typedef uint64_t ULONG64;
typedef uint64_t DWORD64;
typedef uint64_t DWORDLONG;
typedef intptr_t INT_PTR;
typedef uintptr_t UINT_PTR;
typedef intptr_t LONG_PTR;
typedef uintptr_t ULONG_PTR;
typedef uintptr_t DWORD_PTR;
typedef size_t SIZE_T;
typedef BYTE *PBYTE;
typedef BYTE *LPBYTE;
typedef BOOL *PBOOL;
typedef LONG *PLONG;
typedef ULONG *PULONG;
typedef DWORD *PDWORD;
typedef DWORD *LPDWORD;
typedef GUID *LPGUID;

#define MAX_PATH             260
#define INFINITE             0xffffffffu
#define WAIT_OBJECT_0        0u
#define WAIT_TIMEOUT         258u
#define WAIT_FAILED          0xffffffffu
#define INVALID_HANDLE_VALUE ((HANDLE)(intptr_t)-1)

typedef WCHAR TCHAR;
typedef TCHAR *LPTSTR;
typedef const TCHAR *LPCTSTR;
#ifndef TEXT
#define TEXT(quote) L##quote
#endif
#define CP_ACP  0u
#define CP_UTF8 65001u

/* ---- memory ---- */

#define ZeroMemory(destination, length)         memset((destination), 0, (length))
#define FillMemory(destination, length, fill)   memset((destination), (fill), (length))
#define CopyMemory(destination, source, length) memcpy((destination), (source), (length))
#define MoveMemory(destination, source, length) memmove((destination), (source), (length))
#define ARRAYSIZE(array)                        (sizeof(array) / sizeof((array)[0]))
#define _countof(array)                         ARRAYSIZE(array)

/* ---- atomic counters: each returns the new value ---- */

static FORCEINLINE LONG
InterlockedIncrement(LONG volatile *addend)
{
	return __atomic_add_fetch(addend, 1, __ATOMIC_SEQ_CST);
}

static FORCEINLINE LONG
InterlockedDecrement(LONG volatile *addend)
{
	return __atomic_sub_fetch(addend, 1, __ATOMIC_SEQ_CST);
}

/* Returns the value before. */
static FORCEINLINE LONG
InterlockedExchange(LONG volatile *target, LONG value)
{
	return __atomic_exchange_n(target, value, __ATOMIC_SEQ_CST);
}

/* Returns the value before. */
static FORCEINLINE LONG
InterlockedExchangeAdd(LONG volatile *addend, LONG value)
{
	return __atomic_fetch_add(addend, value, __ATOMIC_SEQ_CST);
}

/* Sets the value when it is what is expected.  Returns the value before. */
static FORCEINLINE LONG
InterlockedCompareExchange(LONG volatile *target, LONG value, LONG expected)
{
	__atomic_compare_exchange_n(target, &expected, value, 0, __ATOMIC_SEQ_CST,
				    __ATOMIC_SEQ_CST);
	return expected;
}

static FORCEINLINE PVOID
InterlockedExchangePointer(PVOID volatile *target, PVOID value)
{
	return __atomic_exchange_n(target, value, __ATOMIC_SEQ_CST);
}

/* ---- waiting ---- */

static FORCEINLINE void
Sleep(DWORD milliseconds)
{
	struct timespec left;

	left.tv_sec = (time_t)(milliseconds / 1000u);
	left.tv_nsec = (long)(milliseconds % 1000u) * 1000000L;
	while (nanosleep(&left, &left) != 0)
		continue;
}

/* Returns milliseconds since the system began to run. */
static FORCEINLINE DWORDLONG
GetTickCount64(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (DWORDLONG)now.tv_sec * 1000u + (DWORDLONG)now.tv_nsec / 1000000u;
}

static FORCEINLINE DWORD
GetTickCount(void)
{
	return (DWORD)GetTickCount64();
}

/* Each thread of the program has a last error, as far as the program sets it. */
static FORCEINLINE DWORD *
vds_compat_last_error(void)
{
	static __thread DWORD last_error;

	return &last_error;
}

static FORCEINLINE DWORD
GetLastError(void)
{
	return *vds_compat_last_error();
}

static FORCEINLINE void
SetLastError(DWORD error)
{
	*vds_compat_last_error() = error;
}

#include "synchapi.h"

#if __SIZEOF_WCHAR_T__ == 2
#include <wchar.h>
#include "stringapiset.h"
#endif

#include "objbase.h"

#endif
