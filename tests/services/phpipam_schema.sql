-- The tables of phpIPAM 1.7.4 (database version 43) that netcensus reads or writes, written from their column facts.
-- Columns, types, defaults and keys are phpIPAM's; tables it has and we never touch are left out, and so are the
-- columns of `settings` and `users` that only its web pages read. Run inside an empty database.

CREATE TABLE customers (
  id     INT UNSIGNED NOT NULL AUTO_INCREMENT,
  title  VARCHAR(128) NOT NULL DEFAULT '',
  note   TEXT NULL,
  PRIMARY KEY (id),
  UNIQUE KEY title (title)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_unicode_ci;

-- The id is unique and counted, but the primary key is the name.
CREATE TABLE sections (
  id                INT NOT NULL AUTO_INCREMENT,
  name              VARCHAR(128) NOT NULL DEFAULT '',
  description       TEXT NULL,
  masterSection     INT NULL DEFAULT 0,
  permissions       VARCHAR(1024) NULL,
  strictMode        BINARY(1) NOT NULL DEFAULT '1',
  subnetOrdering    VARCHAR(16) NULL,
  `order`           INT(3) NULL,
  editDate          TIMESTAMP NULL DEFAULT NULL ON UPDATE CURRENT_TIMESTAMP,
  showSubnet        TINYINT(1) NOT NULL DEFAULT 1,
  showVLAN          TINYINT(1) NOT NULL DEFAULT 0,
  showVRF           TINYINT(1) NOT NULL DEFAULT 0,
  showSupernetOnly  TINYINT(1) NOT NULL DEFAULT 0,
  DNS               VARCHAR(128) NULL,
  PRIMARY KEY (name),
  UNIQUE KEY id_2 (id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_unicode_ci;

CREATE TABLE vrf (
  vrfId        INT UNSIGNED NOT NULL AUTO_INCREMENT,
  name         VARCHAR(32) NOT NULL DEFAULT '',
  rd           VARCHAR(32) NULL,
  description  VARCHAR(256) NULL,
  sections     VARCHAR(128) NULL,
  editDate     TIMESTAMP NULL DEFAULT NULL ON UPDATE CURRENT_TIMESTAMP,
  customer_id  INT UNSIGNED NULL,
  PRIMARY KEY (vrfId),
  KEY customer_vrf (customer_id),
  CONSTRAINT customer_vrf FOREIGN KEY (customer_id) REFERENCES customers (id) ON DELETE SET NULL ON UPDATE CASCADE
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_unicode_ci;

CREATE TABLE vlans (
  vlanId       INT NOT NULL AUTO_INCREMENT,
  domainId     INT NOT NULL DEFAULT 1,
  name         VARCHAR(255) NOT NULL,
  number       INT(4) NULL,
  description  TEXT NULL,
  editDate     TIMESTAMP NULL DEFAULT NULL ON UPDATE CURRENT_TIMESTAMP,
  customer_id  INT UNSIGNED NULL,
  PRIMARY KEY (vlanId),
  KEY customer_vlans (customer_id),
  CONSTRAINT customer_vlans FOREIGN KEY (customer_id) REFERENCES customers (id) ON DELETE SET NULL ON UPDATE CASCADE
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_unicode_ci;

-- `subnet` is the network's number in decimal text. Nothing forbids the same prefix twice.
CREATE TABLE subnets (
  id                     INT NOT NULL AUTO_INCREMENT,
  subnet                 VARCHAR(255) NULL,
  mask                   VARCHAR(3) NULL,
  sectionId              INT UNSIGNED NULL,
  description            TEXT NULL,
  linked_subnet          INT UNSIGNED NULL,
  firewallAddressObject  VARCHAR(100) NULL,
  vrfId                  INT UNSIGNED NULL,
  masterSubnetId         INT UNSIGNED NOT NULL DEFAULT 0,
  allowRequests          TINYINT(1) NOT NULL DEFAULT 0,
  vlanId                 INT UNSIGNED NULL,
  showName               TINYINT(1) NOT NULL DEFAULT 0,
  device                 INT UNSIGNED NULL DEFAULT 0,
  permissions            VARCHAR(1024) NULL,
  pingSubnet             TINYINT(1) NOT NULL DEFAULT 0,
  discoverSubnet         TINYINT(1) NOT NULL DEFAULT 0,
  resolveDNS             TINYINT(1) NOT NULL DEFAULT 0,
  DNSrecursive           TINYINT(1) NOT NULL DEFAULT 0,
  DNSrecords             TINYINT(1) NOT NULL DEFAULT 0,
  nameserverId           INT NULL DEFAULT 0,
  scanAgent              INT NULL,
  customer_id            INT UNSIGNED NULL,
  isFolder               TINYINT(1) NOT NULL DEFAULT 0,
  isFull                 TINYINT(1) NOT NULL DEFAULT 0,
  isPool                 TINYINT(1) NOT NULL DEFAULT 0,
  state                  INT(3) NULL DEFAULT 2,
  threshold              INT(3) NULL DEFAULT 0,
  location               INT UNSIGNED NULL,
  editDate               TIMESTAMP NULL DEFAULT NULL ON UPDATE CURRENT_TIMESTAMP,
  lastScan               TIMESTAMP NULL DEFAULT NULL,
  lastDiscovery          TIMESTAMP NULL DEFAULT NULL,
  PRIMARY KEY (id),
  KEY masterSubnetId (masterSubnetId),
  KEY location (location),
  KEY sectionId (sectionId),
  KEY vrfId (vrfId),
  KEY customer_subnets (customer_id),
  CONSTRAINT customer_subnets FOREIGN KEY (customer_id) REFERENCES customers (id) ON DELETE SET NULL ON UPDATE CASCADE
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_unicode_ci;

-- `ip_addr` is the address's number in decimal text; `subnetId` is no foreign key.
CREATE TABLE ipaddresses (
  id                     INT NOT NULL AUTO_INCREMENT,
  subnetId               INT UNSIGNED NULL,
  ip_addr                VARCHAR(100) NOT NULL,
  is_gateway             TINYINT(1) NOT NULL DEFAULT 0,
  description            VARCHAR(64) NULL,
  hostname               VARCHAR(255) NULL,
  mac                    VARCHAR(20) NULL,
  owner                  VARCHAR(128) NULL,
  state                  INT(3) NULL DEFAULT 2,
  switch                 INT UNSIGNED NULL,
  location               INT UNSIGNED NULL,
  port                   VARCHAR(32) NULL,
  note                   TEXT NULL,
  lastSeen               DATETIME NULL DEFAULT '1970-01-01 00:00:01',
  excludePing            TINYINT(1) NOT NULL DEFAULT 0,
  PTRignore              TINYINT(1) NOT NULL DEFAULT 0,
  PTR                    INT UNSIGNED NULL DEFAULT 0,
  firewallAddressObject  VARCHAR(100) NULL,
  editDate               TIMESTAMP NULL DEFAULT NULL ON UPDATE CURRENT_TIMESTAMP,
  customer_id            INT UNSIGNED NULL,
  PRIMARY KEY (id),
  UNIQUE KEY sid_ip_unique (ip_addr, subnetId),
  KEY subnetid (subnetId),
  KEY location (location),
  KEY customer_ip (customer_id),
  CONSTRAINT customer_ip FOREIGN KEY (customer_id) REFERENCES customers (id) ON DELETE SET NULL ON UPDATE CASCADE
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_unicode_ci;

CREATE TABLE ipTags (
  id         INT UNSIGNED NOT NULL AUTO_INCREMENT,
  type       VARCHAR(32) NULL,
  showtag    TINYINT NULL DEFAULT 1,
  bgcolor    VARCHAR(7) NULL DEFAULT '#000',
  fgcolor    VARCHAR(7) NULL DEFAULT '#fff',
  compress   SET('No', 'Yes') NOT NULL DEFAULT 'No',
  locked     SET('No', 'Yes') NOT NULL DEFAULT 'No',
  updateTag  TINYINT(1) NULL DEFAULT 0,
  PRIMARY KEY (id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_unicode_ci;

CREATE TABLE nameservers (
  id           INT NOT NULL AUTO_INCREMENT,
  name         VARCHAR(255) NOT NULL,
  namesrv1     VARCHAR(255) NULL,
  description  TEXT NULL,
  permissions  VARCHAR(128) NULL,
  editDate     TIMESTAMP NULL DEFAULT NULL ON UPDATE CURRENT_TIMESTAMP,
  PRIMARY KEY (id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_unicode_ci;

-- One row.
CREATE TABLE settings (
  id                  INT UNSIGNED NOT NULL AUTO_INCREMENT,
  siteTitle           VARCHAR(64) NULL,
  siteURL             VARCHAR(64) NULL,
  enableVRF           TINYINT(1) NULL DEFAULT 1,
  enableDNSresolving  TINYINT(1) NULL,
  enablePowerDNS      TINYINT(1) NULL DEFAULT 0,
  enableChangelog     TINYINT(1) NOT NULL DEFAULT 1,
  link_field          VARCHAR(32) NULL DEFAULT '0',
  version             VARCHAR(5) NULL,
  dbversion           INT(8) NOT NULL DEFAULT 0,
  IPfilter            VARCHAR(128) NULL,
  IPrequired          VARCHAR(128) NULL,
  visualLimit         INT(2) NOT NULL DEFAULT 0,
  pingStatus          VARCHAR(32) NOT NULL DEFAULT '1800;3600',
  editDate            TIMESTAMP NULL DEFAULT NULL ON UPDATE CURRENT_TIMESTAMP,
  api                 BINARY(1) NOT NULL DEFAULT '0',
  updateTags          TINYINT(1) NULL DEFAULT 0,
  enforceUnique       TINYINT(1) NULL DEFAULT 1,
  maintaneanceMode    TINYINT(1) NULL DEFAULT 0,
  log                 ENUM('Database', 'syslog', 'both') NOT NULL DEFAULT 'Database',
  PRIMARY KEY (id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_unicode_ci;

-- `password` and `token` are here so that a test can see that they cannot be read.
CREATE TABLE users (
  id            INT NOT NULL AUTO_INCREMENT,
  username      VARCHAR(255) NOT NULL DEFAULT '',
  authMethod    INT(2) NULL DEFAULT 1,
  password      CHAR(128) NULL,
  `groups`      VARCHAR(1024) NULL,
  role          TEXT NULL,
  real_name     VARCHAR(128) NULL,
  email         VARCHAR(254) NULL,
  disabled      ENUM('Yes', 'No') NOT NULL DEFAULT 'No',
  editDate      TIMESTAMP NULL DEFAULT NULL ON UPDATE CURRENT_TIMESTAMP,
  lastLogin     TIMESTAMP NULL DEFAULT NULL,
  lastActivity  TIMESTAMP NULL DEFAULT NULL,
  token         VARCHAR(24) NULL,
  PRIMARY KEY (username),
  UNIQUE KEY id_2 (id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_unicode_ci;

CREATE TABLE php_sessions (
  id         VARCHAR(128) NOT NULL DEFAULT '',
  access     INT(10) UNSIGNED NULL,
  data       TEXT NOT NULL,
  remote_ip  VARCHAR(100) NULL,
  PRIMARY KEY (id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_unicode_ci;

-- `cdate` is in the zone of phpIPAM's PHP, as `ipaddresses.lastSeen` is.
CREATE TABLE changelog (
  cid      INT UNSIGNED NOT NULL AUTO_INCREMENT,
  ctype    SET('ip_addr', 'subnet', 'section') NOT NULL DEFAULT '',
  coid     INT UNSIGNED NOT NULL,
  cuser    INT UNSIGNED NOT NULL,
  caction  ENUM('add', 'edit', 'delete', 'truncate', 'resize', 'perm_change') NOT NULL DEFAULT 'edit',
  cresult  ENUM('error', 'success') NOT NULL DEFAULT 'success',
  cdate    DATETIME NOT NULL,
  cdiff    TEXT NULL,
  PRIMARY KEY (cid),
  KEY coid (coid),
  KEY ctype (ctype)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_unicode_ci;

-- `src` and `dst` are JSON: {"ipaddresses":["12"],"subnets":["3"]}.
CREATE TABLE nat (
  id    INT UNSIGNED NOT NULL AUTO_INCREMENT,
  name  VARCHAR(64) NULL,
  type  ENUM('source', 'static', 'destination') NULL DEFAULT 'source',
  src   TEXT NULL,
  dst   TEXT NULL,
  PRIMARY KEY (id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_unicode_ci;

CREATE TABLE logs (
  id        INT NOT NULL AUTO_INCREMENT,
  severity  INT NULL,
  date      VARCHAR(32) NULL,
  username  VARCHAR(255) NULL,
  ipaddr    VARCHAR(64) NULL,
  command   TEXT NULL,
  details   TEXT NULL,
  PRIMARY KEY (id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_unicode_ci;
