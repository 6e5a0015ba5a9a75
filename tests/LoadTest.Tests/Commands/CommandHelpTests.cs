using System.CommandLine;
using CiliumDebugging.LoadTest.Commands;
using CiliumDebugging.ServiceDefaults;

namespace CiliumDebugging.LoadTest.Tests.Commands;

public sealed class CommandHelpTests
{
    private readonly RootCommand _root = new("A program.")
    {
        new Command("scenario", "Run scenarios.")
        {
            new Command("run", "Run one.") { new Option<bool>("--verbose") },
            new Command("show", "Show one.") { new Argument<string>("name") }.WithExamples("scenario show one"),
        },
        new Command("observe", "Observe.") { Action = null },
    };

    [Theory]
    [InlineData("scenari", "scenario")]
    [InlineData("obsreve", "observe")]
    [InlineData("attack", null)]
    public void A_misspelt_command_is_answered_with_the_one_that_was_meant(string word, string? meant)
    {
        var problems = CommandHelp.Problems(AttackCommands.Parse(_root, [word])).ToList();

        if (meant is null)
            problems.ShouldNotContain(p => p.Contains("did you mean", StringComparison.Ordinal));
        else
            problems.ShouldHaveSingleItem().ShouldEndWith($"'{word}'; did you mean '{meant}'?");
    }

    [Fact]
    public async Task What_a_command_does_not_expect_is_one_line_without_a_stack_trace_and_exit_code_1()
    {
        var command = new Command("fail", "Fail.");
        command.SetAction(
            async Task<int> (_, _) =>
            {
                await Task.Yield();
                throw new NotSupportedException("see inner exception", new InvalidCastException("a\nb\u001b[2J"));
            }
        );
        var (errors, before) = (new StringWriter(), Console.Error);
        Console.SetError(errors);
        try
        {
            (await AttackCommands.InvokeAsync([command], ["fail"])).ShouldBe((int)ExitCode.Failed);
        }
        finally
        {
            Console.SetError(before);
        }
        errors.ToString().ShouldStartWith("error: a b [2J (unexpected InvalidCastException");
        errors.ToString().TrimEnd().ShouldNotContain('\n');
    }

    [Fact]
    public void A_misspelt_option_is_answered_with_the_one_that_was_meant() =>
        CommandHelp
            .Problems(AttackCommands.Parse(_root, ["scenario", "run", "--verbsoe"]))
            .ShouldHaveSingleItem()
            .ShouldEndWith("did you mean '--verbose'?");

    [Theory]
    [InlineData("")]
    [InlineData("scenario")]
    public async Task A_bare_command_is_help_with_exit_code_0(string line)
    {
        var args = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);

        CommandHelp.IsBare(AttackCommands.Parse(_root, args)).ShouldBeTrue();
        (await AttackCommands.InvokeAsync(_root, args)).ShouldBe(0);
    }

    [Fact]
    public void Help_ends_with_examples_also_where_an_argument_is_missing()
    {
        using var output = new StringWriter();
        CommandHelp.ShowExamples(_root);
        AttackCommands.Parse(_root, ["scenario", "show", "--help"]).Errors.ShouldBeEmpty();

        AttackCommands
            .Parse(_root, ["scenario", "show", "--help"])
            .Invoke(new InvocationConfiguration { Output = output })
            .ShouldBe(0);

        output.ToString().ShouldMatch(@"Examples:\s+\S+ scenario show one\s*$");
    }
}
