/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The names with t that stand for those of WCHAR: programs for VDS are Unicode programs.  There is
 * no _tmain: a program begins at main.
 */
#ifndef VDS_COMPAT_TCHAR_H
#define VDS_COMPAT_TCHAR_H

#include "windows.h"

#define _T(quote) TEXT(quote)
#define _TEXT(quote) TEXT(quote)
#define _tprintf wprintf
#define _ftprintf fwprintf
#define _stprintf_s swprintf
#define _tcslen wcslen
#define _tcscmp wcscmp
#define _tcsicmp _wcsicmp
#define _tcscpy_s wcscpy_s
#define _tcscat_s wcscat_s
#define _tcschr wcschr
#define _tcsstr wcsstr

#endif
