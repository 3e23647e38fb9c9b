-- The database user netcensus enters phpIPAM with, and no right more than it uses: it can neither delete an address
-- (unless you say so at the end), nor read a password hash, an API key or the secrets in phpIPAM's settings, nor change
-- a table.
--
-- MySQL 8.0+ and MariaDB 10.5+. Run it as an administrator, after putting in
--   * the database, if it is not called phpipam,
--   * the address netcensus comes from, instead of %, if it does not change,
--   * a password:
--
--     mysql --user=root --password < mysql-grants.sql

CREATE USER IF NOT EXISTS 'netcensus'@'%' IDENTIFIED BY 'PUT-A-PASSWORD-HERE';

-- Read: what subnets there are, and what stands in them.
GRANT SELECT (id, subnet, mask, sectionId, description, vrfId, masterSubnetId, pingSubnet, isFolder, isPool)
  ON phpipam.subnets TO 'netcensus'@'%';
GRANT SELECT (id, name) ON phpipam.sections TO 'netcensus'@'%';
GRANT SELECT (vrfId, name) ON phpipam.vrf TO 'netcensus'@'%';
GRANT SELECT (id, type) ON phpipam.ipTags TO 'netcensus'@'%';
GRANT SELECT (id, version, dbversion, enableChangelog) ON phpipam.settings TO 'netcensus'@'%';
GRANT SELECT (id, username) ON phpipam.users TO 'netcensus'@'%';

-- Write: new addresses; of existing ones these columns only. editDate is named to leave it as it is.
GRANT SELECT (id, subnetId, ip_addr, is_gateway, description, hostname, mac, state, lastSeen, editDate),
      INSERT (subnetId, ip_addr, description, hostname, mac, state, lastSeen),
      UPDATE (description, hostname, mac, state, lastSeen, editDate)
  ON phpipam.ipaddresses TO 'netcensus'@'%';

-- Every change is entered in phpIPAM's own changelog, where nothing can be taken back.
GRANT INSERT (ctype, coid, cuser, caction, cresult, cdate, cdiff) ON phpipam.changelog TO 'netcensus'@'%';

-- Optional: with these two lines netcensus verifies phpipam.time_zone against phpIPAM's own clock, and refuses to write
-- times an hour wrong. It reads when sessions were used, not what is in them.
GRANT SELECT (lastActivity) ON phpipam.users TO 'netcensus'@'%';
GRANT SELECT (access) ON phpipam.php_sessions TO 'netcensus'@'%';

-- Optional: for `remove_rows_after_days` under [withdraw] in network.toml, and only for it; take the dashes away to grant
-- it. netcensus then deletes rows it made itself, in which nobody has entered anything: for that it must see every
-- column (notes, owners, your own ones) and the NAT rules.
-- GRANT SELECT, DELETE ON phpipam.ipaddresses TO 'netcensus'@'%';
-- GRANT SELECT (src, dst) ON phpipam.nat TO 'netcensus'@'%';
