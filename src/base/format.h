/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Marks a function that takes a format as printf does, so that the compiler checks its arguments.
 * Windows' own printf reads some formats in another way; our builds for Windows take mingw-w64's
 * printf instead (__USE_MINGW_ANSI_STDIO), which reads all formats as the C standard says.
 */
#ifndef VDS_BASE_FORMAT_H
#define VDS_BASE_FORMAT_H

#ifdef _WIN32
#define FORMAT_ARGS(fmt, first) __attribute__((format(gnu_printf, fmt, first)))
#else
#define FORMAT_ARGS(fmt, first) __attribute__((format(printf, fmt, first)))
#endif

#endif
