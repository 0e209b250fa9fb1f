/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The language of DiskRAID: a line of text becomes words, words become a command with checked
 * arguments.  Nothing here knows COM, an array or a terminal; the functions may be called on any
 * thread, and the structures belong to their callers.
 */
#ifndef VDS_VDSCTL_DISKRAID_LANGUAGE_H
#define VDS_VDSCTL_DISKRAID_LANGUAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* Exit statuses, as Microsoft's program has them: vds-diskraid(1). */
enum raid_exit {
	RAID_OK = 0,
	RAID_FATAL = 1,     /* out of memory, interrupted, or the output could not be written */
	RAID_ARGUMENTS = 2, /* the program was called with arguments that it does not take */
	RAID_FILE = 3,      /* the script could not be opened or read */
	RAID_SERVICE = 4,   /* the service or a provider answered a failure */
	RAID_SYNTAX = 5,    /* a line is not of the language, or an object was badly selected */
};

/* What went wrong with a line. */
struct raid_error {
	enum raid_exit exit;
	unsigned column; /* in characters, from 1; 0 = the whole line */
	char text[768];
};

/* Fills an error and returns its exit status. */
enum raid_exit raid_error_set(struct raid_error *error, enum raid_exit status, unsigned column,
			      const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/* The kinds of objects that a command can name. */
enum raid_noun {
	RAID_NONE,
	RAID_HBAPORT,
	RAID_IADAPTER,
	RAID_IPORTAL,
	RAID_PROVIDER,
	RAID_SUBSYSTEM,
	RAID_CONTROLLER,
	RAID_PORT,
	RAID_DRIVE,
	RAID_LUN,
	RAID_TPORTAL,
	RAID_TARGET,
	RAID_TPGROUP,
	RAID_PLEX, /* has no focus; `break plex` counts the plexes of the LUN in focus */
	RAID_NOUN_COUNT
};

struct raid_noun_words {
	const char *word, *plural;  /* as the language writes them: "tpgroup", "tpgroups" */
	const char *title, *titles; /* as a sentence names one, and several: "LUN", "LUNs" */
	enum raid_noun parent;      /* the object must be in focus to count these; RAID_NONE */
};

extern const struct raid_noun_words raid_nouns[RAID_NOUN_COUNT];

/* ---- words.c: a line becomes words ---- */

/* The longest line, in bytes. */
#define RAID_LINE_MAX 32768u

/* A word of a line, without its quotes. */
struct raid_word {
	char *text; /* ends with a NUL, contains none */
	size_t len;
	unsigned column; /* where it begins */
	bool quoted;     /* some of it stood in quotes: then it is no keyword */
	/* for each byte of text: its column, times two, plus 1 when it stood in quotes */
	const uint32_t *marks;
};

struct raid_words {
	struct raid_word *words;
	size_t count;
	unsigned end; /* the column behind the last character of the line */
	char *memory; /* holds all texts */
	uint32_t *marks;
};

/*
 * Splits a line, which may contain any bytes and ends neither with CR nor with LF.  Blanks and tabs
 * separate words; double quotes keep them together, and "" inside quotes is a quote.  A line that
 * begins with '#' has no words, and one that begins with `rem` has one word.
 *
 * Returns RAID_OK, RAID_SYNTAX (the line is too long, contains a NUL, a control character or bytes
 * that are not UTF-8, or a quote is not closed) or RAID_FATAL (out of memory).  Call
 * raid_words_fini in all cases.
 */
enum raid_exit raid_words_split(const char *line, size_t len, struct raid_words *ret_words,
				struct raid_error *error);
void raid_words_fini(struct raid_words *words);

/* ---- value.c: what a value can be ---- */

/*
 * Reads a size: a decimal number with B, KB, MB, GB, TB or PB, in upper or lower case; without a
 * unit, megabytes are meant.  A kilobyte has 1024 bytes.  Returns NULL and the bytes, or what is
 * wrong: a static text.
 */
const char *raid_size_parse(const char *text, uint64_t *ret_bytes);
/* Reads a decimal number up to max.  Returns NULL and the number, or a static text. */
const char *raid_number_parse(const char *text, uint64_t max, uint64_t *ret_number);

/* ---- commands.c: the table ---- */

enum raid_kind {
	RAID_KEYWORD, /* the name alone: noerr */
	RAID_INDEX,   /* one object: its index, or in quotes its name or id */
	RAID_INDEXES, /* several, with commas between them */
	RAID_PAIRS,   /* controller-port pairs: 0-1,0-2 */
	RAID_PATHS,   /* path-primary or path-weight: 0-primary,1-3 */
	RAID_SIZE,
	RAID_NUMBER,
	RAID_BOOL,   /* true or false */
	RAID_CHOICE, /* one of the words in `choices` */
	RAID_TEXT,
	RAID_INITIATORS, /* iSCSI names with ';' between them */
	RAID_WWNS,       /* WWNs of 16 hexadecimal digits with ';' between them */
	RAID_SECRET,     /* may be empty; never shown */
	RAID_REST,       /* all words that are left */
};

/* Bits of raid_param.flags. */
#define RAID_REQUIRED   1u
#define RAID_POSITIONAL 2u  /* the value stands alone, without "name=" */
#define RAID_ONE_OF     4u  /* exactly one of the parameters with this bit must be given */
#define RAID_SOME_OF    8u  /* at least one of them must be given */
#define RAID_BARE       16u /* the name alone is possible, too: "MSR" beside "MSR=true" */

struct raid_param {
	const char *name; /* "size"; NULL ends the list */
	enum raid_kind kind;
	unsigned flags;
	enum raid_noun noun; /* what an index counts */
	const char *choices; /* "manual|persistent|boot" */
	uint64_t max;        /* of a number, 0 = 2^32 - 1; of a text in characters, 0 = any */
};

#define RAID_PARAM_MAX 20

struct raid;
struct raid_args;

struct raid_command {
	const char *words;    /* "create lun simple" */
	enum raid_noun focus; /* the object that must be in focus; RAID_NONE */
	const struct raid_param *params;
	/* Returns RAID_OK, or another status with the text set in raid->error. */
	enum raid_exit (*run)(struct raid *raid, const struct raid_args *args);
	enum raid_noun
		noun; /* the objects that the command is for, where many share one function */
	int value;    /* what else tells such commands apart */
	const char *help;
};

extern const struct raid_command raid_commands[];
extern const size_t raid_command_count;

/* ---- reading.c: a word becomes a value ---- */

struct raid_value;

/*
 * Reads the value of a parameter: what stands in the word from this byte on.  Elements of a list
 * are added to those that the value has.  Returns RAID_OK, RAID_SYNTAX with a column and a text, or
 * RAID_FATAL (out of memory).
 */
enum raid_exit raid_value_read(const struct raid_param *param, const struct raid_word *word,
			       size_t from, struct raid_value *value, struct raid_error *error);
/* Returns the column of a byte of a word; behind its end, that of what would follow. */
unsigned raid_word_column(const struct raid_word *word, size_t at);
/* Returns true when the byte stood in quotes. */
bool raid_word_quoted(const struct raid_word *word, size_t at);

/* ---- parse.c: words become a command ---- */

/* A reference to an object. */
struct raid_ref {
	char *name;      /* its name or id, which stood in quotes; NULL: the index counts */
	uint32_t index;  /* the index; of a pair the controller, of a path the path */
	uint32_t second; /* of a pair the port, of a path its weight */
	bool primary;    /* of a path */
	unsigned column;
};

struct raid_value {
	bool given;
	unsigned column;
	const char *text; /* borrowed from the words */
	uint64_t number;  /* of a size, a number or a bool; of a choice its position */
	struct raid_ref *refs;
	size_t ref_count, ref_capacity;
	bool open; /* of a list: a comma ended the word, so the next word continues it */
	bool bare; /* the name stands without its value, as RAID_BARE allows */
};

struct raid_args {
	const struct raid_command *command;       /* NULL: the line has no command */
	struct raid_value values[RAID_PARAM_MAX]; /* in the order of command->params */
	unsigned column;                          /* where the command begins */
	const struct raid_words *words;
	size_t used; /* how many words belong to the command itself */
};

/*
 * Finds the command of a line and checks its arguments.  `asks`: a secret that is missing will be
 * asked for, so its absence is no error.  The arguments borrow from the words.
 *
 * Returns RAID_OK, RAID_SYNTAX with a column and a text, or RAID_FATAL (out of memory).  Call
 * raid_args_fini in all cases.
 */
enum raid_exit raid_parse(const struct raid_words *words, bool asks, struct raid_args *ret_args,
			  struct raid_error *error);
void raid_args_fini(struct raid_args *args);
/* Returns the value of a parameter, or NULL when it was not given.  The name must exist. */
const struct raid_value *raid_arg(const struct raid_args *args, const char *name);
/* Returns true when the command takes a secret, so that its line must not be kept. */
bool raid_has_secret(const struct raid_command *command);
/*
 * Returns true when the text, as far as it was typed, holds a secret; for lines that do not parse.
 */
bool raid_looks_secret(const char *line);

/* ---- help.c ---- */

/* Prints "create lun simple [size=n] [drives=n,..]" without a newline. */
void raid_usage(const struct raid_command *command, FILE *out);
/*
 * Prints all commands (no words), or those that begin with the words.  Returns the number of
 * commands that were printed.
 */
size_t raid_help(const struct raid_word *words, size_t count, FILE *out);

/* ---- complete.c ---- */

/* What can stand at the end of a line. */
struct raid_candidates {
	char **texts; /* complete words: "lun", "size=", "type=manual" */
	size_t count, capacity;
	size_t replaced; /* how many bytes at the end of the line the candidates replace */
};

/* Calls add for the name of each object of a noun that could be meant now. */
typedef void raid_objects_fn(void *context, enum raid_noun noun,
			     void (*add)(void *add_context, const char *text), void *add_context);

/* Finds the candidates for the end of a line.  objects may be NULL.  raid_candidates_fini later. */
void raid_complete(const char *line, size_t len, raid_objects_fn *objects, void *context,
		   struct raid_candidates *ret_candidates);
void raid_candidates_fini(struct raid_candidates *candidates);
/* Returns how many bytes all candidates begin with, in upper or lower case. */
size_t raid_candidates_common(const struct raid_candidates *candidates);

/* ---- lines.c: a script becomes lines ---- */

struct raid_lines {
	const char *next, *end;
	unsigned number; /* of the line that was returned last, from 1 */
};

/*
 * Begins with the first line, behind a byte order mark.  Returns RAID_OK, or RAID_SYNTAX when the
 * bytes are UTF-16.
 */
enum raid_exit raid_lines_init(struct raid_lines *lines, const char *bytes, size_t len,
			       struct raid_error *error);
/*
 * Returns the next line without its LF or CR LF, and false after the last one.  The last line needs
 * no LF.
 */
bool raid_lines_next(struct raid_lines *lines, const char **ret_line, size_t *ret_len);

#endif
