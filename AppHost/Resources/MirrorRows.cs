namespace CiliumDebugging.AppHost.Resources;

/// <summary>Where the rows of a cluster are shown.</summary>
/// <param name="Rows">The application's rows.</param>
/// <param name="ClusterRow">Id of the cluster's own row.</param>
/// <param name="Page">The live page, which rows link to.</param>
internal sealed record MirrorRows(AspireRows Rows, string ClusterRow, Uri Page);
