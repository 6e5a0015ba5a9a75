using System.CommandLine;
using System.Diagnostics;
using System.Text.Json;
using System.Text.RegularExpressions;
using CiliumDebugging.ClusterSetup.Commands;
using CiliumDebugging.Lab.Scenarios;
using CiliumDebugging.LoadTest.Commands;
using CiliumDebugging.ServiceDefaults;
using CiliumDebugging.Testing;

namespace CiliumDebugging.ClusterSetup.Tests.Commands;

/// <summary>All commands together: their help, and what README and the documentation say of them.</summary>
public sealed partial class CommandLineTests
{
    /// <summary>A program's commands, by the name of its project.</summary>
    private static readonly Dictionary<string, RootCommand> s_programs = new(StringComparer.Ordinal)
    {
        ["ClusterSetup"] = CommandLine.Build(),
        ["LoadTest"] = [.. AttackCommands.Build()],
    };

    public static TheoryData<string> Documents =>
        [
            .. Directory
                .EnumerateFiles(Repository.Root, "*.md", SearchOption.AllDirectories)
                .Where(f => CommandLinesOf(f).Any())
                .Select(f => Path.GetRelativePath(Repository.Root, f)),
        ];

    [Theory]
    [MemberData(nameof(Documents))]
    public void Every_command_line_of_a_document_is_accepted(string document)
    {
        foreach (var (program, words) in CommandLinesOf(Path.Combine(Repository.Root, document)))
            AttackCommands
                .Parse(s_programs[program], words)
                .Errors.Select(e => e.Message)
                .ShouldBeEmpty($"{document}: {program} {string.Join(' ', words)}");
    }

    /// <summary>All shells ask for the words with the directive <c>[suggest]</c>.</summary>
    [Theory]
    [InlineData("simulate sta", "stale-conntrack, stale-endpoints")]
    [InlineData("scenario run two", "two-sided-l7")]
    [InlineData("scenario matrix two", "two-sided-l7")]
    public void Names_of_scenarios_are_completed(string line, string expected)
    {
        var parsed = AttackCommands.Parse(s_programs["ClusterSetup"], line.Split(' '));

        // Shells drop what does not begin as the word does.
        var offered = parsed.GetCompletions(line.Length).Select(c => c.InsertText!);
        string.Join(", ", offered.Where(c => c.StartsWith(line.Split(' ')[^1], StringComparison.Ordinal)))
            .ShouldBe(expected);
    }

    [Fact]
    public void Every_command_says_what_it_does_and_has_an_example_that_it_accepts()
    {
        foreach (var (program, root) in s_programs)
        foreach (var command in Within(root).Where(c => c.Subcommands.Count == 0))
        {
            command.Description.ShouldNotBeNullOrEmpty($"{program} {command.Name}");
            CommandHelp.ExamplesOf(command).ShouldNotBeEmpty($"{program} {command.Name}");
            foreach (var example in CommandHelp.ExamplesOf(command))
            {
                var parsed = AttackCommands.Parse(root, WordsOf(example));
                parsed.Errors.Select(e => e.Message).ShouldBeEmpty(example);
                parsed.CommandResult.Command.ShouldBe(command, example);
            }
            foreach (var option in command.Options)
                option.Description.ShouldNotBeNullOrEmpty($"{program} {command.Name} {option.Name}");
        }
    }

    [Fact]
    public void No_help_has_a_word_that_was_replaced()
    {
        foreach (var (program, root) in s_programs)
        foreach (var command in Within(root))
        {
            using var help = new StringWriter();
            var words = new List<string>();
            for (var at = command; at != root; at = at.Parents.OfType<Command>().First())
                words.Insert(0, at.Name);
            AttackCommands
                .Parse(root, [.. words, "--help"])
                .Invoke(new InvocationConfiguration { Output = help })
                .ShouldBe(0);
            help.ToString().ShouldContain(command.Description!.Split(' ')[0]);
            ReplacedWords.ShouldNotBeIn(help.ToString(), $"{program} {string.Join(' ', words)} --help");
        }
    }

    /// <summary>Commands whose result is not data: a cluster, a file, objects as YAML, or a shell's script.</summary>
    private static readonly string[] s_withoutFormat =
    [
        "up",
        "down",
        "cluster",
        "manifests",
        "prometheus-targets",
        "redact",
        "plot",
        "completion",
    ];

    [Fact]
    public void Every_command_with_a_result_prints_it_as_JSON_too()
    {
        foreach (var (program, root) in s_programs)
        foreach (var command in Within(root).Where(c => c.Subcommands.Count == 0))
            command
                .Options.Any(o => o.Name == "--format")
                .ShouldBe(!s_withoutFormat.Contains(command.Name), $"{program} {command.Name}");
    }

    private static async Task<(int Code, string Output, string Error)> RunAsync(params string[] words)
    {
        using var process = Process.Start(
            new ProcessStartInfo(
                "dotnet",
                ["exec", Path.Combine(AppContext.BaseDirectory, "ClusterSetup.dll"), .. words]
            )
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            }
        )!;
        var error = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        var output = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return (process.ExitCode, output, await error);
    }

    [Fact]
    public async Task A_file_that_a_simulation_cannot_write_is_named_before_it_and_loses_nothing()
    {
        var (code, _, error) = await RunAsync("simulate", "no-cilium", "--csv", "/nonexistent/x.csv");
        code.ShouldBe((int)ExitCode.BadUsage);
        error.ShouldStartWith("--csv /nonexistent/x.csv cannot be written: ");
        (code, _, error) = await RunAsync("simulate", "no-cilium", "--csv", "same", "--json", "./same");
        code.ShouldBe((int)ExitCode.BadUsage);
        error.ShouldStartWith("--csv and --json both name same");
    }

    [Theory]
    [InlineData("isReady checks nodeImage", "doctor")]
    [InlineData("cluster isComplete problem steps", "status", "--name", "none-of-this-name")]
    [InlineData("scenario seed pods connections outcomes samples", "simulate", "no-cilium", "--duration", "2s")]
    [InlineData("scenario seed pods connections outcomes samples", "simulate", "stale-conntrack", "--duration", "2s")]
    public async Task Standard_output_has_the_result_as_JSON_alone(string fields, params string[] words)
    {
        var (code, output, _) = await RunAsync([.. words, "--format", "json"]);

        code.ShouldBeOneOf((int)ExitCode.Success, (int)ExitCode.NotReproduced);
        var result = JsonDocument.Parse(output).RootElement;
        foreach (var field in fields.Split(' '))
            result.TryGetProperty(field, out _).ShouldBeTrue($"{field} in {output}");
        if (words[0] == "simulate")
        {
            result.GetProperty("outcomes").GetProperty("ok").GetInt64().ShouldBePositive();
            result
                .GetProperty("samples")
                .EnumerateArray()
                .Sum(s => s.GetProperty("connections").GetInt64())
                .ShouldBe(result.GetProperty("connections").GetInt64());
        }
    }

    [Fact]
    public void The_table_of_README_is_the_catalogue()
    {
        var rows = Repository
            .Read("README.md")
            .Split('\n')
            .Where(l =>
                l.StartsWith("| [", StringComparison.Ordinal) && l.Contains("(scenarios/", StringComparison.Ordinal)
            );
        var catalogue = ScenarioCatalog.All.Select(s =>
            $"| [{s.Name}](scenarios/{s.Name}) | {s.Synopsis.Symptom} | {s.Synopsis.Mechanism} | {s.Synopsis.Releases} "
            + $"| {s.Synopsis.Evidence} |"
        );
        rows.ShouldBe(catalogue, ignoreOrder: true);
    }

    [Fact]
    public void The_list_names_each_scenario_with_what_one_sees_for_people_and_for_programs()
    {
        using var text = new StringWriter();
        ScenarioListCommand.Write(text, json: false);
        using var json = new StringWriter();
        ScenarioListCommand.Write(json, json: true);

        var entries = JsonDocument.Parse(json.ToString()).RootElement.EnumerateArray().ToList();
        entries.Select(e => e.GetProperty("name").GetString()).ShouldBe(ScenarioCatalog.Names);
        foreach (var entry in entries)
        foreach (var field in (string[])["name", "symptom", "mechanism", "releases", "evidence"])
        {
            entry.GetProperty(field).GetString().ShouldNotBeNullOrEmpty(field);
            text.ToString().ShouldContain(entry.GetProperty(field).GetString()!);
        }
        text.ToString().Split('\n').ShouldAllBe(l => l.Length <= 80);
    }

    private static IEnumerable<Command> Within(Command command) =>
        command.Subcommands.SelectMany(Within).Prepend(command);

    /// <summary>The command lines of a document that can be taken as they are: without an ellipsis.</summary>
    private static IEnumerable<(string Program, string[] Words)> CommandLinesOf(string file) =>
        Invocation()
            .Matches(File.ReadAllText(file).Replace("\\\n", " ", StringComparison.Ordinal))
            .Where(m => !m.Value.Contains('…', StringComparison.Ordinal))
            .Select(m => (m.Groups["program"].Value, WordsOf(m.Groups["words"].Value)));

    /// <summary>The words as a shell passes them, up to a redirection or a comment.</summary>
    private static string[] WordsOf(string line) =>
        [
            .. Word()
                .Matches(line)
                .Select(m => m.Value.Trim('\'', '"'))
                .TakeWhile(w => w is not (">>" or ">" or "#" or "&" or "|" or "&&" or "||" or "\\")),
        ];

    [GeneratedRegex(
        @"dotnet run (--no-build )?(-c Release )?--project (?<program>ClusterSetup|LoadTest) -- (?<words>[^`\n]+)"
    )]
    private static partial Regex Invocation();

    [GeneratedRegex(@"'[^']*'|""[^""]*""|\S+")]
    private static partial Regex Word();
}
