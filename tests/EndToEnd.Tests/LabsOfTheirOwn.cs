namespace CiliumDebugging.EndToEnd.Tests;

/// <summary>
/// Tests that start AppHost, one after the other: <c>aspire run</c> and <c>aspire stop</c> of a test end every lab of
/// this AppHost that runs, those of other tests too.
/// </summary>
[CollectionDefinition(Name)]
public sealed class LabsOfTheirOwn
{
    public const string Name = "labs of their own";
}
