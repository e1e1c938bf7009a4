"""What each setting means in Chinese, in the sections in which an operator looks for it; and variables of others.

The English meaning stands beside the field, in `infra/settings.py`.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Section:
    """Settings that belong together, by field, with what each means."""

    zh: str
    en: str
    notes: dict[str, str]


@dataclass(frozen=True)
class Variable:
    """A variable that is no setting of ours: a library or only the command line reads it."""

    name: str
    zh: str
    en: str
    example: str = ""


SECTIONS = (
    Section("必填", "Required", {
        "database_url": "数据库地址,使用系统运行角色",
        "token_secret": "会话签名与二次验证加密所用的密钥,不少于 32 个字符,各接口进程相同;生成:openssl rand -hex 32",
    }),
    Section("更换会话密钥", "Changing the token secret", {
        "token_secrets_previous": "先前的会话密钥,逗号或空格分隔:由其签发的登录继续有效",
        "token_secrets_retired": "更早的会话密钥:登录不再有效,仅用于打开已存的二次验证、恢复码和查询码",
    }),
    Section("数据目录与密钥", "Data directory and keys", {
        "data_dir": "数据目录:附件、密钥、密钥库、存证、归档默认都在其中;各进程须相同",
        "key_file": "主密钥文件,权限 0600",
        "key_service_url": "密钥服务地址(代替主密钥文件包裹上报人密钥)",
        "key_service_token": "密钥服务的令牌",
        "vault_folder": "上报人密钥库的位置:各进程共用的目录,或 s3://桶/路径",
        "anchors_folder": "存证目录,宜在另一块磁盘或另一台机器",
        "anchor_key_file": "存证与事实导出的签名密钥(PEM)",
        "archive": "事实归档的位置:目录,或 s3://桶/路径",
    }),
    Section("附件与对象存储", "Attachments and object storage", {
        "attachments": "附件的位置:目录,或 s3://桶/路径;多个接口和工作进程共用同一处",
        "upload_days": "上传后无人引用的文件保留天数;手机离线时照片可能先到、事项后到,故以天计",
        "s3_endpoint": "附件和归档所用对象存储的地址(https://主机:端口)",
        "s3_region": "对象存储的区域",
        "s3_path_style": "桶名写在路径中(MinIO、Ceph)为 true,写在主机名中为 false",
        "s3_access_key_id": "对象存储的访问标识",
        "s3_access_key_id_file": "存放访问标识的文件",
        "s3_secret_access_key": "对象存储的访问密钥",
        "s3_secret_access_key_file": "存放访问密钥的文件",
        "s3_ca_file": "自建证书机构的证书(PEM),与系统证书一并信任",
    }),
    Section("受理建议", "Suggestions at intake", {
        "suggestion_models": "训练出的模型的位置:目录,或 s3://桶/路径;多个接口和工作进程共用同一处",
        "suggestion_certainty": "建议的最低把握(0–1),低于此值不显示",
        "suggestion_cases": "园区至少有多少已办结案件才训练模型",
    }),
    Section("对外请求", "Requests to other systems", {
        "outgoing_private": "允许访问的内网系统(如短信网关):地址、网段或主机名,逗号分隔;其余内网地址一律拒绝",
        "outgoing_ca_file": "自建证书机构的证书(PEM),访问其他系统时与系统证书一并信任",
    }),
    Section("数据库", "Database", {
        "database_owner_url": "表的所有者角色的地址,仅迁移等运维命令使用,不给工作进程和接口",
        "database_password_file": "存放密码的文件,代替地址中的密码,每次连接时读取",
        "database_owner_password_file": "所有者角色密码的文件",
        "database_pool": "每个连接池的最多连接数;工作进程有两个池,接口进程另加一个连接",
    }),
    Section("网页与接口", "Pages and API", {
        "web_host": "监听地址",
        "web_port": "监听端口",
        "public_url": "对外网址,用于链接、二维码和 Secure 标记",
        "allowed_hosts": "另外接受的主机名,逗号分隔",
        "trusted_proxies": "所信任的反向代理的地址或网段,逗号分隔;不设则代理后的所有人算作一个客户端",
        "drain_seconds": "收到 SIGTERM 后继续接收请求的秒数,等负载均衡摘除本进程",
        "web_grace": "之后留给未完成请求的时间;进程管理器的等待须更长",
        "max_connections": "一个进程最多同时保持的连接数",
        "answer_seconds": "上报未落库时,几秒后先以 202 答复",
        "metrics_token": "/metrics 的访问令牌;不设则只答本机",
        "openapi_public": "接口文档是否对所有人公开",
        "web_frame_ancestors": "允许在框架中嵌入本系统网页的网站(CSP 写法)",
    }),
    Section("登录", "Signing in", {
        "token_minutes": "登录后多少分钟须重新登录",
        "second_factor_roles": "必须使用二次验证的角色,逗号分隔;留空则不强制",
        "oidc_issuer": "统一身份认证(OpenID Connect)的地址",
        "oidc_client_id": "本系统在其中的客户端标识",
        "oidc_client_secret": "客户端密钥",
        "oidc_claim": "用户名所在的声明",
        "oidc_name": "登录按钮上的名称",
    }),
    Section("上传、隐私与地图", "Uploads, privacy and the map", {
        "attachment_megabytes": "照片和文件的大小上限(MB)",
        "video_megabytes": "视频的大小上限(MB)",
        "uploads_per_hour": "每人每小时最多上传的文件数",
        "masked_numbers": "文字中另外隐去的号码种类(JSON)",
        "map_tiles_url": "地图底图瓦片地址;不设则不从其他主机加载任何内容",
        "map_tiles_crs": "瓦片的坐标系",
        "map_tiles_credit": "底图的版权说明",
    }),
    Section("Open311 接口", "Open311", {
        "open311_contact": "接口使用者咨询和申请密钥的联系方式",
        "open311_sources": "公开列表另外显示哪些渠道的案件,逗号分隔;不含原话、地点和照片,须事先告知上报人",
        "open311_private": "公开列表从不显示的小类和大类,逗号分隔",
    }),
    Section("工作进程", "Workers", {
        "case_queue": "Temporal 任务队列,同一系统的所有进程相同",
        "worker_queues": "本工作进程承担的队列:cases 为案件与时限,heavy 为导出、对账、通报、规则切换、归档、存证、训练",
        "worker_heavy": "同时进行的重型工作数,各占一个数据库连接",
        "worker_host": "工作进程应答 /livez、/readyz、/metrics 的地址",
        "worker_port": "其端口,0 为不开;其他机器可及者都能读取指标,除非设了 metrics_token",
        "worker_name": "在 Temporal 中显示的名称,写在进程号之后;不设则为主机名",
        "worker_deployment": "工作进程版本管理的部署名;与构建号同时设置",
        "worker_build": "构建号;设为当前版本后才分到工作",
        "worker_sandbox": "流程是否在沙箱中运行",
        "worker_grace": "停止时留给已开始工作的时间;进程管理器的等待须更长",
        "worker_cache": "内存中保留的流程数",
    }),
    Section("Temporal 界面", "Temporal's interface", {
        "temporal_ui": "Temporal 网页界面的地址,管理员经 /temporal/ 查看;不设则不显示",
        "temporal_ui_certificates": "访问该界面所需证书的目录",
        "temporal_ui_origin": "另设的 Temporal 界面的来源,只有它可调用解码服务",
    }),
    Section("日志", "Logs", {
        "log_json": "日志是否为 JSON;不设则在终端为文字,否则为 JSON",
        "log_level": "日志级别",
        "otlp_endpoint": "链路追踪(OTLP/HTTP)的接收地址,不含 /v1/traces;不设则不追踪",
        "log_days": "up 保留日志的天数(网络安全法第二十一条:不少于六个月)",
        "notice_days": "已归档案件、已终止事项的通知保留的天数",
        "case_years": "案件结案满多少年后转存档案库、移出数据库(至少 2 年);不设则永久保留",
    }),
)  # fmt: skip

#: Sample values of settings that are required or have no default.
EXAMPLES = {
    "database_url": "postgresql://gridloop_app:PASSWORD@db.example:5432/gridloop",
    "token_secret": "",
    "database_owner_url": "postgresql://gridloop_owner:PASSWORD@db.example:5432/gridloop",
    "public_url": "https://grid.example.gov.cn",
    "trusted_proxies": "127.0.0.1,10.0.3.0/24",
    "allowed_hosts": "grid.example.gov.cn",
    "archive": "s3://gridloop/archive",
    "attachments": "s3://gridloop/attachments",
    "suggestion_models": "s3://gridloop/models",
    "s3_endpoint": "https://s3.example:9000",
    "s3_region": "cn-north-1",
    "map_tiles_url": "https://tiles.example/{z}/{x}/{y}.png",
    "otlp_endpoint": "http://127.0.0.1:4318",
    "oidc_issuer": "https://id.example.gov.cn",
}
#: Settings that a process refuses to start without.
REQUIRED = ("database_url", "token_secret")

TEMPORAL = (
    Variable("TEMPORAL_ADDRESS", "Temporal 的地址", "Address of Temporal, `host:port`.", "temporal.example:7233"),
    Variable("TEMPORAL_NAMESPACE", "Temporal 命名空间", "Namespace.", "gridloop"),
    Variable("TEMPORAL_API_KEY", "API 密钥(如云服务);设了即用 TLS", "API key, as of a cloud service; turns TLS on."),
    Variable("TEMPORAL_TLS", "是否用 TLS", "Whether TLS is used.", "true"),
    Variable("TEMPORAL_TLS_CLIENT_CERT_PATH", "客户端证书", "Certificate of the client, for mutual TLS (PEM)."),
    Variable("TEMPORAL_TLS_CLIENT_KEY_PATH", "客户端证书的私钥", "Its key (PEM)."),
    Variable("TEMPORAL_TLS_SERVER_CA_CERT_PATH", "签发服务端证书的机构", "The authority of the server's certificate."),
    Variable("TEMPORAL_TLS_SERVER_NAME", "服务端证书上的名称", "The name in the server's certificate."),
)
STORE = (
    Variable("AWS_ACCESS_KEY_ID", "对象存储的访问标识", "Access key of the bucket."),
    Variable("AWS_SECRET_ACCESS_KEY", "对象存储的访问密钥", "Its secret."),
    Variable("AWS_ENDPOINT_URL", "对象存储的地址", "Address of a server of one's own.", "https://s3.example:9000"),
    Variable("AWS_REGION", "对象存储的区域", "Region.", "cn-north-1"),
    Variable("AWS_ALLOW_HTTP", "是否允许不加密的地址", "Whether an address without TLS is taken.", "true"),
)
COMMANDS = (
    Variable(
        "GRIDLOOP_SECRETS_DIR",
        "存放设置的目录,一个设置一个文件,文件名为变量名的小写(如 gridloop_token_secret)",
        "Folder of settings in files, each named like its variable in small letters (`gridloop_token_secret`).",
        "/run/secrets",
    ),
    Variable("GRIDLOOP_WEB_URL", "命令行所用的接口地址", "Where commands like `list` and `act` find the API."),
    Variable("GRIDLOOP_USER", "命令行以谁的身份操作", "Who acts."),
    Variable("GRIDLOOP_PASSWORD", "其密码", "The password."),
    Variable("GRIDLOOP_OTP", "其二次验证码", "The code of the second factor."),
    Variable("GRIDLOOP_TOKEN", "访问令牌,代替密码", "A personal token instead of a password."),
    Variable("GRIDLOOP_LANG", "命令行语言:zh 或 en", "Language of the command line: zh or en.", "zh"),
    Variable("GRIDLOOP_ZONE", "命令行显示时间的时区", "Time zone of what commands show.", "Asia/Shanghai"),
    Variable("GRIDLOOP_STATION_KEY", "监测站自己的密钥", "A station's own key, for `stations send`."),
    Variable(
        "PROMETHEUS_MULTIPROC_DIR",
        "同机各进程汇总指标的目录;每次启动前清空",
        "Folder in which processes of one machine add up their metrics; to be emptied before they start.",
    ),
)
#: Headings of what others read, with the variables.
OTHERS = (
    ("Temporal 连接", "Temporal (read by its own library)", TEMPORAL),
    ("对象存储", "S3-compatible store (read by its own library)", STORE),
    ("命令行与指标", "Command line and metrics", COMMANDS),
)
