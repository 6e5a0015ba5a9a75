namespace CiliumDebugging.Bench.Datapath;

/// <summary>Configurations of nginx and HAProxy that do what two node proxies do: two HTTP hops, each with a fresh
/// upstream connection for each request, on both cores.</summary>
internal static class ProxyPeers
{
    public static string Nginx(string directory, int first, int second, int backend) =>
        $$"""
            daemon off;
            worker_processes 2;
            pid {{directory}}/nginx.pid;
            error_log {{directory}}/nginx-error.log crit;
            events { worker_connections 8192; }
            http {
              access_log off;
              keepalive_timeout 0;
              client_body_temp_path {{directory}}/body;
              proxy_temp_path {{directory}}/proxy;
              fastcgi_temp_path {{directory}}/fastcgi;
              uwsgi_temp_path {{directory}}/uwsgi;
              scgi_temp_path {{directory}}/scgi;
              server { listen 127.0.0.1:{{first}} backlog=4096 reuseport;
                location / { proxy_pass http://127.0.0.1:{{second}}; } }
              server { listen 127.0.0.1:{{second}} backlog=4096 reuseport;
                location / { proxy_pass http://127.0.0.1:{{backend}}; } }
            }
            """;

    public static string HaProxy(int first, int second, int backend) =>
        $"""
            global
              nbthread 2
              maxconn 8192
            defaults
              mode http
              option httpclose
              http-reuse never
              timeout connect 5s
              timeout client 30s
              timeout server 30s
            frontend first
              bind 127.0.0.1:{first} backlog 4096
              default_backend to-second
            backend to-second
              server second 127.0.0.1:{second}
            frontend second
              bind 127.0.0.1:{second} backlog 4096
              default_backend to-backend
            backend to-backend
              server backend 127.0.0.1:{backend}

            """;
}
