var builder = DistributedApplication.CreateBuilder(args);
builder.AddProject<Projects.Backend>("backend");
builder.AddProject<Projects.ClusterSetup>("cluster");
builder.Build().Run();
