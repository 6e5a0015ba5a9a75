using System.Globalization;
using System.Text.Json.Nodes;
using CiliumDebugging.ClusterSetup.Embedded.Api.Kinds;
using CiliumDebugging.ClusterSetup.Embedded.Api.Schemas;
using CiliumDebugging.ClusterSetup.Embedded.Api.Storage;

namespace CiliumDebugging.ClusterSetup.Embedded.Api;

/// <summary>One thing that is wrong with an object, at one field.</summary>
/// <param name="Field">Path of the field, such as <c>spec.ingress[0].toPorts</c>.</param>
/// <param name="Message">What is wrong, quoting the value, without the path.</param>
/// <param name="Reason">Machine-readable cause: FieldValueInvalid, FieldValueRequired, FieldValueForbidden, FieldValueNotSupported.</param>
public sealed record FieldError(string Field, string Message, string Reason = "FieldValueInvalid");
