using System.Globalization;
using System.Text.Json.Nodes;

namespace CiliumDebugging.EmbeddedCluster.Api.Status;

/// <summary>One thing that is wrong with an object, at one field.</summary>
/// <param name="Field">Path of the field, such as <c>spec.ingress[0].toPorts</c>.</param>
/// <param name="Message">What is wrong, quoting the value, without the path.</param>
/// <param name="Reason">
/// Machine-readable cause: FieldValueInvalid, FieldValueRequired, FieldValueForbidden, FieldValueNotSupported.
/// </param>
public sealed record FieldError(string Field, string Message, string Reason = "FieldValueInvalid");
