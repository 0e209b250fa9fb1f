# SPDX-License-Identifier: LGPL-2.1-or-later
# Makes the C of returns.tsv: one ROW for each line.
BEGIN { FS = "\t" }
/^#/ { next }
{ gsub(/"/, "\\\"", $5); printf "ROW(\"%s\", \"%s\", %s, \"%s\")\n", $1, $2, $3, $5 }
