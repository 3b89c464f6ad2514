// Regular expressions and SIMILAR TO over the embedded database, against a real server.

import Testing

@Suite("Patterns over the embedded database")
struct TranslatedPostgresPatternTests {
    private static let statements = [
        #"select 'a1' ~ '\d', 'ab' ~ '\d', 'a b' ~ 'a\sb', 'a_1' ~ '^\w+$', 'a-1' ~ '^\w+$', '12' ~ '^\D+$', 'ab' ~ '^\D+$'"#,
        #"select 'é' ~ '^.$', 'éa' ~ '^..$', 'é' ~ '^[^a]$', 'aé' ~ '^[^b]+$', 'éé' ~ '^é+$', 'é' ~ '^\W$', 'é' ~ '^\S$', '日本' ~ '^.{2}$'"#,
        #"select 'abc' ~ '(?:a|x)bc', 'abc' ~ '^a.*?c$', 'abab' ~ '^(?:ab){2}$', 'ABC' ~ '(?i)abc', 'ABC' ~* 'abc', 'ABC' ~ 'abc', 'a.c' ~ 'a\.c', 'abc' ~ 'a\.c'"#,
        #"select 'foo bar' ~ '\mbar\M', 'foobar' ~ '\mbar', 'foo bar' ~ '\yfoo\y', 'foobar' ~ 'o\Yb', 'a{b' ~ 'a{b', 'aa' ~ '^a{2}$', 'aaa' ~ '^a{1,2}$'"#,
        #"select 'a]b' ~ 'a[]]b', 'a\b' ~ 'a[\\]b', '5' ~ '^[\d]$', 'x' ~ '^[\d\s]$', 'a-b' ~ 'a[-x]b', 'b' ~ '[^a-]', '-' ~ '^[^a-]$', 'q' ~ '[[:alpha:]]', E'a\nb' ~ 'a.b', E'a\tb' ~ 'a\tb'"#,
        #"select 'a' !~ '\d', 'A1' !~* 'a\d', 'a(b' ~ 'a\(b', '' ~ '^$', 'abc' ~ '', 'a|b' ~ '^a\|b$'"#,
        "select 'a' ~ '('",
        "select 'a' ~ '['",
        "select 'abc' similar to 'a(b|c)+', 'abc' similar to 'abc', 'abc' similar to 'a', 'abc' similar to 'a%', 'abc' similar to '_b_', 'abc' similar to '%(b|d)%', 'abc' similar to '(b|c)%'",
        #"select 'a.c' similar to 'a.c', 'abc' similar to 'a.c', 'a^c' similar to 'a^c', 'a%c' similar to 'a\%c', 'abc' similar to 'a\%c', 'a%c' similar to 'a!%c' escape '!', 'a\c' similar to 'a\c' escape ''"#,
        #"select 'b' not similar to 'a', 'aaa' similar to 'a{2,3}', 'a' similar to '[a-c]', 'd' similar to '[^a-c]', null similar to 'a', 'a' similar to null, 'é' similar to '_', 'a1' similar to 'a\d'"#,
        "select x from (values ('apple'), ('pear'), ('plum')) v (x) where x similar to 'p(ear|lum)' order by x",
        "select 'a' similar to 1",
    ]

    private static let refused = [
        #"select 'aa' ~ '(a)\1'"#, "select 'a' ~ 'a(?=b)'", "select 'é' ~ '[é]'", #"select 'a' ~ '\x61'"#,
        "select 'a' ~ '***=a'", "select 'a' ~ '(?n)a'", #"select ']' ~ '[\]]'"#,
    ]

    @Test("rows and SQLSTATEs are those of a real server")
    func differential() async throws {
        try await ComparedPostgres.compare(Self.statements, refused: Self.refused)
    }
}
