if (@list@[i] between @least@ and @most@) is not true then
  raise exception '@list@[%] is %; accepted: @least@ to @most@', i, coalesce(@list@[i]::text, 'null') using errcode = '22023';
end if;
