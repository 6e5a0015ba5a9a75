using System.Text.Json.Serialization;

namespace CiliumDebugging.Lab.Page;

/// <summary>What an operator can do on the page, in the terminal and in Aspire.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<PageAction>))]
public enum PageAction
{
    /// <summary>Apply a policy of the scenario; the target is its <see cref="PolicyCard.Id"/>.</summary>
    [JsonStringEnumMemberName("apply-policy")]
    ApplyPolicy,

    /// <summary>Remove a policy of the scenario; the target is its <see cref="PolicyCard.Id"/>.</summary>
    [JsonStringEnumMemberName("remove-policy")]
    RemovePolicy,

    /// <summary>Delete a backend Pod; the target is its <c>namespace/name</c>.</summary>
    [JsonStringEnumMemberName("delete-pod")]
    DeletePod,

    /// <summary>Run a scenario; the target is its name. A run that is under way is ended first.</summary>
    [JsonStringEnumMemberName("run")]
    Run,

    /// <summary>Start a scenario's load without its steps, for manual changes; the target is its name.</summary>
    [JsonStringEnumMemberName("manual")]
    Manual,

    /// <summary>End the load; the run so far is evaluated and its report written.</summary>
    [JsonStringEnumMemberName("stop")]
    Stop,

    /// <summary>Write the report of the run so far.</summary>
    [JsonStringEnumMemberName("write-report")]
    WriteReport,
}

/// <summary>One command.</summary>
/// <param name="Action">What to do.</param>
/// <param name="Target">Empty where the action needs no target.</param>
public sealed record PageCommand(PageAction Action, string Target = "");

public interface IPageCommands
{
    /// <summary>Carries out a command; returns a sentence that says what was done.</summary>
    /// <exception cref="CommandRefusedException">The message says why, and what to do.</exception>
    Task<string> RunAsync(PageCommand command, CancellationToken cancellationToken);
}

/// <summary>A command that cannot be carried out; the message is for the operator.</summary>
public sealed class CommandRefusedException(string message) : Exception(message);
