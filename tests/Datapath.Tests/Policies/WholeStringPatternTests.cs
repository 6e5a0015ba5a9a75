using CiliumDebugging.Datapath.Policies;

namespace CiliumDebugging.Datapath.Tests.Policies;

/// <summary>Patterns as Go and RE2 read them.</summary>
public sealed class WholeStringPatternTests
{
    [Theory]
    [InlineData("/[[:alpha:]]+", "/abc", "/a1")]
    [InlineData("/[[:^digit:]x]", "/x", "/1")]
    [InlineData(@"/\pL+", "/ab", "/a_")]
    [InlineData(@"/\p{Greek}*", "/", "/a")]
    [InlineData(@"/\P{^Latin}", "/a", "/1")]
    [InlineData(@"/\p{Uppercase_Letter}", "/A", "/a")]
    [InlineData(@"/\Qa.b\E+", "/a.bb", "/axb")]
    [InlineData(@"/\Qa.*", "/a.*", "/ab")]
    [InlineData("/(?P<n>x)(?<m>y)", "/xy", "/x")]
    [InlineData(@"/\x{78}\x79\172\07", "/xyz\a", "/xyz")]
    [InlineData("(?U)/x+?", "/xx", "/")]
    [InlineData(@"/\_x", "/_x", "/x")]
    [InlineData("(?i)/[^k]", "/j", "/K")]
    [InlineData("(?i:/A)b", "/ab", "/aB")]
    [InlineData("(?i-s:/A)(?-i)b", "/ab", "/aB")]
    [InlineData(@"(?i)/\x{212A}\x{17F}", "/kS", "/ks_")]
    [InlineData("a(?i)*", "aa", "A")]
    [InlineData("a*(?i)*", "aa", "b")]
    [InlineData("/a.b", "/a-b", "/a\nb")]
    [InlineData("(?s)/a.b", "/a\nb", "/ab")]
    [InlineData("(?m)/a$\n^b", "/a\nb", "/ab")]
    [InlineData("^/a$", "/a", "/a\n")]
    [InlineData(@"\A/a\z", "/a", "/a\n")]
    [InlineData(@"/a\b.*", "/a-b", "/ab")]
    [InlineData("/x{,2}", "/x{,2}", "/xx")]
    [InlineData("/x{01}", "/x{01}", "/x")]
    [InlineData("/x{2,}", "/xxx", "/x")]
    [InlineData("/[]a]", "/]", "/b")]
    [InlineData("/[a-]", "/-", "/b")]
    [InlineData("/[--/]", "/.", "/0")]
    [InlineData("/[[:a]", "/:", "/b")]
    [InlineData("(|/a)", "/a", "a")]
    [InlineData("()*/a||b", "b", "/ab")]
    [InlineData("^*/", "/", "^/")]
    [InlineData("/#x y", "/#x y", "/")]
    [InlineData("/[a-z-[b]]", "/a]", "/b")]
    [InlineData("/[a&&b]", "/&", "/c")]
    public void A_pattern_matches_as_in_re2(string pattern, string matching, string other)
    {
        WholeStringPattern read = Read(pattern);
        read.Matches(matching).ShouldBeTrue();
        read.Matches(other).ShouldBeFalse();
    }

    [Theory]
    [InlineData("(?#c)x")]
    [InlineData("(?x)/x")]
    [InlineData("(?n)/x")]
    [InlineData(@"/x\Z")]
    [InlineData(@"/\cA")]
    [InlineData(@"/\u0078")]
    [InlineData(@"/\e")]
    [InlineData(@"/\C")]
    [InlineData(@"/\1")]
    [InlineData(@"/\8")]
    [InlineData(@"/\x")]
    [InlineData(@"/\x{}")]
    [InlineData(@"/\x{110000}")]
    [InlineData(@"/\")]
    [InlineData("/x{1001}")]
    [InlineData("/x{2,1}")]
    [InlineData("/(x{32}){32}")]
    [InlineData("(?'n'x)")]
    [InlineData("(?P<a-b>x)")]
    [InlineData("(?P<n")]
    [InlineData("(?P=n)")]
    [InlineData("(?=x)")]
    [InlineData("(?<!x)")]
    [InlineData("(?>x)")]
    [InlineData("(?i")]
    [InlineData("(?i--s)")]
    [InlineData("(?i-)")]
    [InlineData(@"/\p{IsGreek}")]
    [InlineData(@"/\pX")]
    [InlineData(@"/\p")]
    [InlineData(@"/\p{Greek")]
    [InlineData("/x**")]
    [InlineData("/x+?*")]
    [InlineData("/x{2}{3}")]
    [InlineData("*x")]
    [InlineData("(*x)")]
    [InlineData("a|*x")]
    [InlineData("(a")]
    [InlineData("a)|(b")]
    [InlineData("[a")]
    [InlineData("[]")]
    [InlineData("[b-a]")]
    [InlineData(@"[a-\d]")]
    [InlineData(@"[\b]")]
    [InlineData("[[:word]:]]")]
    [InlineData("[[:nothing:]]")]
    [InlineData("(((((x{10}){10}){10}){10}){10})")]
    public void A_pattern_is_refused_as_by_go(string pattern) =>
        WholeStringPattern.Create(pattern).Problem.ShouldNotBeNull().ShouldContain("not a regular expression");

    [Fact]
    public void What_nests_too_deeply_or_is_too_large_is_refused()
    {
        WholeStringPattern
            .Create(string.Concat(new string('(', 1001), "x", new string(')', 1001)))
            .Problem.ShouldNotBeNull()
            .ShouldContain("nests too deeply");
        WholeStringPattern
            .Create(new string('.', WholeStringPattern.MaxLength + 1))
            .Problem.ShouldNotBeNull()
            .ShouldContain("too large");
        Read(string.Join('|', Enumerable.Range(0, 1500).Select(i => $"/p{i}.*"))).Matches("/p1499x").ShouldBeTrue();
    }

    /// <summary>Random patterns of all constructs, compared with a matcher of their meaning.</summary>
    [Fact]
    public void Random_patterns_match_what_they_mean()
    {
        var matches = 0;
        for (var seed = 0; seed < 500; seed++)
        {
            var random = new RandomRe2(seed);
            Re2Meaning meaning = random.Pattern(out string text);
            WholeStringPattern read = Read(text);
            for (var i = 0; i < 20; i++)
            {
                string input = random.Text();
                bool expected = meaning.MatchesWhole(input);
                matches += expected ? 1 : 0;
                read.Matches(input).ShouldBe(expected, $"seed {seed}: {text} on '{input}'");
            }
        }
        matches.ShouldBeGreaterThan(500);
    }

    /// <summary>What Go refuses or not: nothing may throw or take long.</summary>
    [Fact]
    public void Random_text_is_read_or_refused()
    {
        var random = new Random(1);
        const string Signs = @"ab()[]{}|*+?.^$\-:,0123pPxQEdwsUim<>&~#=! ";
        for (var i = 0; i < 5_000; i++)
        {
            string text = new([.. Enumerable.Range(0, random.Next(12)).Select(_ => Signs[random.Next(Signs.Length)])]);
            (WholeStringPattern? pattern, string? problem) = WholeStringPattern.Create(text);
            (pattern is null).ShouldBe(problem is not null, text);
            pattern?.Matches("ab").ShouldBeOneOf(true, false);
        }
    }

    private static WholeStringPattern Read(string pattern)
    {
        (WholeStringPattern? read, string? problem) = WholeStringPattern.Create(pattern);
        problem.ShouldBeNull(pattern);
        return read!;
    }
}
