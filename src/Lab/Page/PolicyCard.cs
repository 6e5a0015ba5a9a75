using System.Collections.Immutable;
using System.Text.Json.Serialization;

namespace CiliumDebugging.Lab.Page;

/// <summary>A policy file.</summary>
/// <param name="Id">Its file name.</param>
/// <param name="Objects">The objects in it, as <c>kind namespace/name</c>.</param>
/// <param name="Yaml">Its text.</param>
/// <param name="Applied">Whether all its objects are in the cluster.</param>
public sealed record PolicyCard(string Id, string Objects, string Yaml, bool Applied);
