using CiliumDebugging.ServiceDefaults.Processes;

namespace CiliumDebugging.ServiceDefaults.Tests;

public sealed class CommandWordsTests
{
    [Theory]
    [InlineData("--output= --watch", "--output||--watch")]
    [InlineData("--output=x= --set a= --a==", "--output=x=|--set|a=|--a==")]
    [InlineData("observe -- --output=", "observe|--|--output=")]
    public void An_option_with_an_empty_value_takes_no_other_word(string given, string words) =>
        CommandWords.WithEmptyValues(given.Split(' ')).ShouldBe(words.Split('|'));
}
