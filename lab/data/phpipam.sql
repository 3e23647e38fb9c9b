-- phpIPAM 1.7.4 (database version 43) on SQLite: the tables production touches, with phpIPAM's columns and defaults.
-- NOCASE stands in for MySQL's utf8mb4_unicode_ci, the CHECKs for strict mode's error 1406.

CREATE TABLE ipaddresses (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  subnetId INTEGER DEFAULT NULL,
  ip_addr VARCHAR(100) NOT NULL CHECK (length(ip_addr) <= 100),
  is_gateway BOOLEAN NOT NULL DEFAULT 0,
  description VARCHAR(64) COLLATE NOCASE DEFAULT NULL CHECK (length(description) <= 64),
  hostname VARCHAR(255) COLLATE NOCASE DEFAULT NULL CHECK (length(hostname) <= 255),
  mac VARCHAR(20) COLLATE NOCASE DEFAULT NULL CHECK (length(mac) <= 20),
  owner VARCHAR(128) COLLATE NOCASE DEFAULT NULL CHECK (length(owner) <= 128),
  state INTEGER DEFAULT 2,
  switch INTEGER DEFAULT NULL,
  location INTEGER DEFAULT NULL,
  port VARCHAR(32) DEFAULT NULL,
  note TEXT DEFAULT NULL,
  lastSeen DATETIME DEFAULT '1970-01-01 00:00:01',
  excludePing BOOLEAN NOT NULL DEFAULT 0,
  PTRignore BOOLEAN NOT NULL DEFAULT 0,
  PTR INTEGER DEFAULT 0,
  firewallAddressObject VARCHAR(100) DEFAULT NULL,
  editDate TIMESTAMP DEFAULT NULL,
  customer_id INTEGER DEFAULT NULL,
  CONSTRAINT sid_ip_unique UNIQUE (ip_addr, subnetId)
);
CREATE INDEX subnetid ON ipaddresses (subnetId);

-- ON UPDATE CURRENT_TIMESTAMP: only when a value changed and the statement did not set editDate itself.
-- An approximation: SQLite cannot tell `editDate=editDate` from silence, so lastSeen is not watched.
CREATE TRIGGER ipaddresses_edited AFTER UPDATE ON ipaddresses
WHEN NEW.editDate IS OLD.editDate AND (
  NEW.hostname COLLATE BINARY IS NOT OLD.hostname COLLATE BINARY
  OR NEW.description COLLATE BINARY IS NOT OLD.description COLLATE BINARY
  OR NEW.mac COLLATE BINARY IS NOT OLD.mac COLLATE BINARY
  OR NEW.owner COLLATE BINARY IS NOT OLD.owner COLLATE BINARY
  OR NEW.state IS NOT OLD.state OR NEW.note IS NOT OLD.note)
BEGIN
  UPDATE ipaddresses SET editDate = CURRENT_TIMESTAMP WHERE id = NEW.id;
END;

CREATE TABLE subnets (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  subnet VARCHAR(255) DEFAULT NULL,
  mask VARCHAR(3) DEFAULT NULL,
  sectionId INTEGER DEFAULT NULL,
  description TEXT DEFAULT NULL,
  linked_subnet INTEGER DEFAULT NULL,
  firewallAddressObject VARCHAR(100) DEFAULT NULL,
  vrfId INTEGER DEFAULT NULL,
  masterSubnetId INTEGER NOT NULL DEFAULT 0,
  allowRequests BOOLEAN NOT NULL DEFAULT 0,
  vlanId INTEGER DEFAULT NULL,
  showName BOOLEAN NOT NULL DEFAULT 0,
  device INTEGER DEFAULT 0,
  permissions TEXT DEFAULT NULL,
  pingSubnet BOOLEAN NOT NULL DEFAULT 0,
  discoverSubnet BOOLEAN NOT NULL DEFAULT 0,
  resolveDNS BOOLEAN NOT NULL DEFAULT 0,
  DNSrecursive BOOLEAN NOT NULL DEFAULT 0,
  DNSrecords BOOLEAN NOT NULL DEFAULT 0,
  nameserverId INTEGER DEFAULT 0,
  scanAgent INTEGER DEFAULT NULL,
  customer_id INTEGER DEFAULT NULL,
  isFolder BOOLEAN NOT NULL DEFAULT 0,
  isFull BOOLEAN NOT NULL DEFAULT 0,
  isPool BOOLEAN NOT NULL DEFAULT 0,
  state INTEGER DEFAULT 2,
  threshold INTEGER DEFAULT 0,
  location INTEGER DEFAULT NULL,
  editDate TIMESTAMP DEFAULT NULL,
  lastScan TIMESTAMP DEFAULT NULL,
  lastDiscovery TIMESTAMP DEFAULT NULL
);

CREATE TABLE sections (
  id INTEGER UNIQUE NOT NULL,
  name VARCHAR(128) COLLATE NOCASE NOT NULL PRIMARY KEY,
  description TEXT DEFAULT NULL,
  masterSection INTEGER DEFAULT 0,
  permissions VARCHAR(1024) DEFAULT NULL,
  strictMode CHAR(1) NOT NULL DEFAULT '1',
  subnetOrdering VARCHAR(16) DEFAULT NULL,
  "order" INTEGER DEFAULT NULL,
  editDate TIMESTAMP DEFAULT NULL,
  showSubnet BOOLEAN NOT NULL DEFAULT 1,
  showVLAN BOOLEAN NOT NULL DEFAULT 0,
  showVRF BOOLEAN NOT NULL DEFAULT 0,
  showSupernetOnly BOOLEAN NOT NULL DEFAULT 0,
  DNS VARCHAR(128) DEFAULT NULL
);

CREATE TABLE vrf (
  vrfId INTEGER PRIMARY KEY AUTOINCREMENT,
  name VARCHAR(32) COLLATE NOCASE NOT NULL DEFAULT '',
  rd VARCHAR(32) DEFAULT NULL,
  description VARCHAR(256) DEFAULT NULL,
  sections VARCHAR(128) DEFAULT NULL,
  customer_id INTEGER DEFAULT NULL,
  editDate TIMESTAMP DEFAULT NULL
);

CREATE TABLE ipTags (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  type VARCHAR(32) COLLATE NOCASE DEFAULT NULL,
  showtag BOOLEAN DEFAULT 1,
  bgcolor VARCHAR(7) DEFAULT '#000',
  fgcolor VARCHAR(7) DEFAULT '#fff',
  compress VARCHAR(3) NOT NULL DEFAULT 'No',
  locked VARCHAR(3) NOT NULL DEFAULT 'No',
  updateTag BOOLEAN DEFAULT 0
);
INSERT INTO ipTags (id, type, showtag, bgcolor, fgcolor, compress, locked, updateTag) VALUES
  (1, 'Offline', 1, '#f59c99', '#ffffff', 'No', 'Yes', 1),
  (2, 'Used', 0, '#a9c9a4', '#ffffff', 'No', 'Yes', 1),
  (3, 'Reserved', 1, '#9ac0cd', '#ffffff', 'No', 'Yes', 1),
  (4, 'DHCP', 1, '#c9c9c9', '#ffffff', 'Yes', 'Yes', 1);

CREATE TABLE settings (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  siteTitle VARCHAR(64) DEFAULT NULL,
  siteURL VARCHAR(64) DEFAULT NULL,
  enableIPrequests BOOLEAN DEFAULT NULL,
  enableVRF BOOLEAN DEFAULT 1,
  enableDNSresolving BOOLEAN DEFAULT NULL,
  enablePowerDNS BOOLEAN DEFAULT 0,
  version VARCHAR(5) DEFAULT NULL,
  dbversion INTEGER NOT NULL DEFAULT 0,
  dbverified INTEGER NOT NULL DEFAULT 0,
  visualLimit INTEGER NOT NULL DEFAULT 0,
  pingStatus VARCHAR(32) NOT NULL DEFAULT '1800;3600',
  enforceUnique BOOLEAN DEFAULT 1,
  updateTags BOOLEAN DEFAULT 0,
  enableChangelog BOOLEAN DEFAULT 1,
  maintaneanceMode BOOLEAN DEFAULT 0,
  link_field VARCHAR(32) DEFAULT '0',
  log VARCHAR(8) NOT NULL DEFAULT 'Database',
  api BOOLEAN NOT NULL DEFAULT 0
);
INSERT INTO settings (id, siteTitle, siteURL, enableIPrequests, enableDNSresolving, version, dbversion, visualLimit)
  VALUES (1, 'phpipam IP address management', 'http://yourpublicurl.com', 1, 0, '1.74', 43, 24);

CREATE TABLE users (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  username VARCHAR(255) COLLATE NOCASE NOT NULL DEFAULT '',
  authMethod INTEGER DEFAULT 1,
  password CHAR(128) DEFAULT NULL,
  groups VARCHAR(1024) DEFAULT NULL,
  role TEXT DEFAULT NULL,
  real_name VARCHAR(128) DEFAULT NULL,
  email VARCHAR(64) DEFAULT NULL,
  domainUser CHAR(1) DEFAULT '0',
  disabled VARCHAR(3) NOT NULL DEFAULT 'No',
  lang INTEGER DEFAULT 9,
  editDate TIMESTAMP DEFAULT NULL,
  lastLogin TIMESTAMP DEFAULT NULL,
  lastActivity TIMESTAMP DEFAULT NULL
);
INSERT INTO users (id, username, groups, role, real_name, email) VALUES
  (1, 'Admin', '', 'Administrator', 'phpIPAM Admin', 'admin@domain.local'),
  (2, 'netcensus', '', 'User', 'netcensus', 'netcensus@viktorbarzin.lan');

CREATE TABLE changelog (
  cid INTEGER PRIMARY KEY AUTOINCREMENT,
  ctype VARCHAR(8) NOT NULL DEFAULT '' CHECK (ctype IN ('ip_addr', 'subnet', 'section')),
  coid INTEGER NOT NULL,
  cuser INTEGER NOT NULL,
  caction VARCHAR(11) NOT NULL DEFAULT 'edit'
    CHECK (caction IN ('add', 'edit', 'delete', 'truncate', 'resize', 'perm_change')),
  cresult VARCHAR(7) NOT NULL CHECK (cresult IN ('error', 'success')),
  cdate DATETIME NOT NULL,
  cdiff TEXT DEFAULT NULL
);
CREATE INDEX coid ON changelog (coid);
CREATE INDEX ctype ON changelog (ctype);

CREATE TABLE nat (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name VARCHAR(64) DEFAULT NULL,
  type VARCHAR(7) DEFAULT 'source' CHECK (type IN ('source', 'static', 'destination')),
  src TEXT DEFAULT NULL,
  dst TEXT DEFAULT NULL
);

CREATE TABLE php_sessions (
  id VARCHAR(128) NOT NULL PRIMARY KEY DEFAULT '',
  access INTEGER DEFAULT NULL,
  data TEXT NOT NULL,
  remote_ip VARCHAR(64) DEFAULT NULL
);

-- --- phpIPAM's own sample data: why a real installation's ids start at 7 ---------------------------------------
INSERT INTO sections (id, name, description, permissions) VALUES
  (1, 'Customers', 'Section for customers', '{"3":"1","2":"2"}'),
  (2, 'IPv6', 'Section for IPv6 addresses', '{"3":"1","2":"2"}'),
  (3, 'Home', 'What the census looks after', '{"3":"1","2":"2"}');
INSERT INTO subnets (id, subnet, mask, sectionId, description, vrfId, masterSubnetId, showName, isFolder) VALUES
  (1, '336395549904799703390415618052362076160', '64', 2, 'Private subnet 1', 0, 0, 1, 0),
  (2, '168427520', '16', 1, 'Business customers', 0, 0, 1, 0),
  (3, '168427776', '24', 1, 'Customer 1', 0, 2, 1, 0),
  (4, '168428032', '24', 1, 'Customer 2', 0, 2, 1, 0),
  (5, '0', '', 1, 'My folder', 0, 0, 0, 1),
  (6, '172037632', '29', 1, 'DHCP range', 0, 5, 1, 0);
INSERT INTO ipaddresses (subnetId, ip_addr, description, hostname, state) VALUES
  (3, '168427779', 'Server1', 'server1.cust1.local', 2),
  (3, '168427780', 'Server2', 'server2.cust1.local', 2),
  (3, '168427781', 'Server3', 'server3.cust1.local', 3),
  (3, '168428021', 'Gateway', NULL, 2),
  (4, '168428277', 'Gateway', NULL, 2),
  (4, '168428042', 'Server1', 'ser1.client2.local', 2),
  (6, '172037637', 'DHCP range', NULL, 4),
  (6, '172037638', 'DHCP range', NULL, 4);

-- --- the six subnets the census tracks, and one it does not ----------------------------------------------------
INSERT INTO subnets (id, subnet, mask, sectionId, description, vrfId, showName, pingSubnet) VALUES
  (7, '167774720', '24', 3, 'Management', 0, 1, 1),
  (8, '167777280', '24', 3, 'Kubernetes', 0, 1, 0),
  (9, '3232235776', '24', 3, 'LAN Sofia', NULL, 1, 1),
  (10, '167969280', '24', 3, 'WireGuard', 0, 1, 0),
  (11, '3232235520', '24', 3, 'Valchedrym', 0, 1, 0),
  (12, '3232237568', '24', 3, 'London', 0, 1, 0),
  (13, '167779840', '24', 3, 'Guests (not tracked)', 0, 1, 0),
  (14, '336389205813283084610353874626578219008', '64', 3, 'Valchedrym IPv6', 0, 1, 0);
